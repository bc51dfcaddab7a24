import type { SpanExporter } from './packages.ts'

/** An exporter that counts exported and failed spans. */
export interface CountingExporter extends SpanExporter {
  readonly sent: number
  /** Why the last failed batch failed. */
  readonly trouble: string | undefined
}

export function countingExporter(exporter: SpanExporter): CountingExporter {
  let sent = 0
  let trouble: string | undefined
  return {
    export(spans, ended) {
      exporter.export(spans, (result) => {
        if (result.code === 0) sent += spans.length
        else trouble = result.error?.message || 'it was refused'
        ended(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
    get sent() {
      return sent
    },
    get trouble() {
      return trouble
    },
  }
}
