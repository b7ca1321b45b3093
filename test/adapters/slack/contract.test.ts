import { describePlatform } from "../../contracts/platform.ts";
import { createSlackHarness } from "./harness.ts";

describePlatform("Slack over Socket Mode", () => createSlackHarness("socket"));
describePlatform("Slack over HTTP", () => createSlackHarness("http"));
