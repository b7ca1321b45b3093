/**
 * Counters, histograms and gauges in Prometheus' text format 0.0.4. To count costs a look into a map; everything that
 * has to be written out is done when somebody asks.
 */

export interface Counter {
  /** @param values of the labels, in their order */
  add(values: readonly string[], by?: number): void;
  render(): string;
}

export interface Histogram {
  observe(value: number): void;
  render(): string;
}

interface Named {
  name: string;
  help: string;
}

/** Names that come from outside must not fill the memory: what is too much goes under `other`. */
const seriesMax = 200;
const valueCharactersMax = 64;
const rest = "other";

/** @param labels their names; without any, there is one series, from the beginning */
export function createCounter({ name, help, labels = [] }: Named & { labels?: readonly string[] }): Counter {
  const series = new Map<string, { values: readonly string[]; count: number }>();
  if (labels.length === 0) series.set("", { values: [], count: 0 });

  function add(values: readonly string[], by = 1): void {
    const key = values.join("\n");
    const known = series.get(key);
    if (known) known.count += by;
    else if (series.size < seriesMax) series.set(key, { values, count: by });
    else {
      const others = labels.map(() => rest);
      const kept = series.get(others.join("\n")) ?? { values: others, count: 0 };
      series.set(others.join("\n"), { values: others, count: kept.count + by });
    }
  }

  return {
    add,
    render() {
      const lines = [...series.values()].map(
        ({ values, count }) => `${name}${labelled(labels, values)} ${number(count)}`,
      );
      return block({ name, help }, "counter", lines);
    },
  };
}

/** @param buckets their upper ends, growing */
export function createHistogram({ name, help, buckets }: Named & { buckets: readonly number[] }): Histogram {
  const counts = buckets.map(() => 0);
  let count = 0;
  let sum = 0;
  return {
    observe(value) {
      if (!Number.isFinite(value)) return;
      count += 1;
      sum += value;
      const at = buckets.findIndex((end) => value <= end);
      if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
    },
    render() {
      let below = 0;
      const lines = buckets.map((end, at) => {
        below += counts[at] ?? 0;
        return `${name}_bucket{le="${number(end)}"} ${below}`;
      });
      lines.push(
        `${name}_bucket{le="+Inf"} ${count}`,
        `${name}_sum ${number(sum)}`,
        `${name}_count ${count}`,
      );
      return block({ name, help }, "histogram", lines);
    },
  };
}

/** One value that is known when it is asked for. */
export function renderValue(named: Named, kind: "gauge" | "counter", value: number): string {
  return block(named, kind, [`${named.name} ${number(value)}`]);
}

function block({ name, help }: Named, kind: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines, ""].join("\n");
}

function labelled(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return "";
  return `{${labels.map((label, at) => `${label}="${escaped(values[at] ?? "")}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value
    .slice(0, valueCharactersMax)
    .replace(/\p{Cs}/gu, "\uFFFD")
    .replace(/[\u0000-\u0009\u000B-\u001F\u007F]/g, " ")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}

const number = (value: number): string => String(Math.round(value * 1e6) / 1e6);
