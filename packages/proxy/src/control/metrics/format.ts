export interface Sample {
  readonly labels: { readonly [name: string]: string }
  readonly value: number
  /** The suffix of the sample's name if the metric is a histogram: `bucket`, `sum` or `count`. */
  readonly part?: string | undefined
}

export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

export const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  help,
  type: 'counter',
  samples,
})

export const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  help,
  type: 'gauge',
  samples,
})

/** The sample of a metric without labels. */
export const only = (value: number): readonly Sample[] => [{ labels: {}, value }]

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Formats metrics in Prometheus's text format 0.0.4. */
export const formatMetrics = (metrics: readonly Metric[]): string =>
  metrics
    .map(({ name, help, type, samples }) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => formatSample(name, sample))]
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('')

function formatSample(name: string, { labels, value, part }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
  return `${name}${part === undefined ? '' : `_${part}`}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
