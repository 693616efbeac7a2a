// What js/ uses of the packages that `python -m export web` puts beside it.

declare module "*/ort.wasm.min.mjs" {
  interface Session {
    readonly outputNames: readonly string[];
    run(feeds: Record<string, Tensor>, outputs: readonly string[]): Promise<Record<string, { data: any; dims: readonly number[] }>>;
    release(): Promise<void>;
  }
  export class Tensor {
    constructor(type: "uint8", data: Uint8Array, dims: readonly number[]);
  }
  export const InferenceSession: {
    create(model: Uint8Array, options: { executionProviders: string[]; graphOptimizationLevel: "all" }): Promise<Session>;
  };
  export const env: {
    versions: { web?: string };
    logLevel: string;
    wasm: { wasmPaths: string; numThreads: number };
  };
}

declare module "*/blake2b.umd.min.js";
declare module "*/sha256.umd.min.js";

// What js/ uses of workers, whose types cannot stand beside those of pages.

interface DedicatedWorkerGlobalScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

interface WaitingEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface ServiceWorkerGlobalScope {
  readonly registration: ServiceWorkerRegistration;
  addEventListener(type: "install" | "activate", listener: (event: WaitingEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
}
