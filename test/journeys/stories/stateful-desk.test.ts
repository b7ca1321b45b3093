import { perform } from "./perform.ts";
import { statefulDesk } from "./stateful-desk.ts";

perform(statefulDesk);
