/** The command `npm run chaos`; see test/chaos. */
export { main } from "../test/chaos/chaos.ts";
