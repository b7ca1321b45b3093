import { perform } from "./perform.ts";
import { safetyValve } from "./safety-valve.ts";

perform(safetyValve);
