// The page of `fakeface serve`.

import { ServerJudge } from "./judge-server.js";
import { start } from "./live.js";

start(new ServerJudge());
