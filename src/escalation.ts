/** The contract between the agent and the desk: the agent returns an escalation, the desk makes a ticket of it. */
export type Priority = "low" | "normal" | "high" | "urgent";
export const priorities: readonly Priority[] = ["low", "normal", "high", "urgent"];

export interface Escalation {
  /** Why a person is needed, for staff. */
  reason: string;
  priority: Priority;
  /** One of the desk's queues; undefined: the desk chooses. */
  queue?: string;
  /** The model has failed: nobody asks it about this ticket. */
  modelDown?: true;
}
