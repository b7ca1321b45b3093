/** Faults of the Web API that a test asks for, each for a number of calls. */
export type WebFault =
  /** 429 with this Retry-After; calls inside of it are noted as violations. */
  | { kind: "rate_limited"; seconds: number }
  | { kind: "status"; status: number }
  /** `{ ok: false, error }`. */
  | { kind: "error"; error: string; more?: Record<string, unknown> }
  /** Never answers. */
  | { kind: "hang" }
  /** Breaks the connection before anything is done. */
  | { kind: "reset" }
  /** Does it, then breaks the connection. */
  | { kind: "reset_after" }
  /** Does it, and never answers. `then` is called when it has been done. */
  | { kind: "hang_after"; then?: () => void }
  /** Does it, and answers so much later. `shown` is called when it has been done. */
  | { kind: "delay_after"; ms: number; shown?: () => void }
  /** Does it, then answers 500. */
  | { kind: "status_after"; status: number }
  | { kind: "delay"; ms: number };

export interface Plan {
  fault: WebFault;
  /** Of which method; every one when undefined. */
  method?: string;
  channel?: string;
  times: number;
}

export interface Faults {
  add(fault: WebFault, where?: { method?: string; channel?: string; times?: number }): void;
  /** The fault of this call, if one is due; it is used up. */
  next(method: string, channel: string | undefined): WebFault | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  let plans: Plan[] = [];
  return {
    add(fault, { times = 1, ...where } = {}) {
      plans.push({ fault, times, ...where });
    },
    next(method, channel) {
      const plan = plans.find(
        (one) =>
          (one.method === undefined || one.method === method) &&
          (one.channel === undefined || one.channel === channel),
      );
      if (!plan) return undefined;
      plan.times -= 1;
      if (plan.times <= 0) plans = plans.filter((one) => one !== plan);
      return plan.fault;
    },
    clear() {
      plans = [];
    },
  };
}
