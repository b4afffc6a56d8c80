import { startClock } from "./clock.js";
import { startDecisions } from "./decisions.js";
import { startDesk } from "./desk.js";
import { startKeys } from "./keys.js";
import { startMedia } from "./media.js";
import { startStream } from "./stream.js";
import { startTheme } from "./theme.js";
import { startWall } from "./wall.js";

startTheme();
startClock();
startMedia();
startDesk();
startDecisions();
startKeys();
startWall();
startStream();
