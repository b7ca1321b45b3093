/** Deleting what the bot has posted. What is gone already is as good as deleted. */
import { slackErrorOf } from "./faults.ts";
import type { WebApi } from "./web-api.ts";

/** @throws DeskError platform_* */
export async function deleteMessage(api: WebApi, team: string, channel: string, ts: string): Promise<void> {
  try {
    await api.call(team, "chat.delete", { channel, ts });
  } catch (error) {
    if (slackErrorOf(error) !== "message_not_found") throw error;
  }
}

/** A stream has to be stopped before. @throws DeskError platform_* */
export async function deleteStream(api: WebApi, team: string, channel: string, ts: string): Promise<void> {
  await api.call(team, "chat.stopStream", { channel, ts }).catch(() => undefined);
  await deleteMessage(api, team, channel, ts);
}

/** @param file its id @throws DeskError platform_* */
export async function deleteFile(api: WebApi, team: string, file: string): Promise<void> {
  try {
    await api.call(team, "files.delete", { file });
  } catch (error) {
    if (!["file_not_found", "file_deleted"].includes(slackErrorOf(error) ?? "")) throw error;
  }
}
