import { describePlatform } from "../../contracts/platform.ts";
import { createSlackHarness } from "./harness.ts";

describePlatform("Slack over Socket Mode, in direct messages", () => createSlackHarness("socket", false));
describePlatform("Slack over HTTP, in the assistant pane", () => createSlackHarness("http", true));
