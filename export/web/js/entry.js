// The page of the site: that of `fakeface serve` and of reports, with a judge that runs here.

import { WebJudge, keepOffline } from "./judge-web.js";
import { start } from "./live.js";

start(new WebJudge(new URL("./", location.href).href));
keepOffline();
