import { loadOptional } from '@chaosproxy/history/files'

// The parts of OpenTelemetry's SDK that chaos uses, so that it builds without the packages.

/** A time: the seconds since 1970, and the nanoseconds after the last full second. */
export type HrTime = readonly [seconds: number, nanos: number]

export interface Attributes {
  readonly [name: string]: string | number | boolean | readonly string[]
}

interface SpanContext {
  readonly traceId: string
}

export interface Span {
  spanContext(): SpanContext
  setAttributes(attributes: Attributes): unknown
  setStatus(status: { readonly code: number; readonly message?: string }): unknown
  end(time: HrTime): void
}

interface SpanOptions {
  readonly startTime: HrTime
  readonly attributes: Attributes
  readonly links?: readonly { readonly context: SpanContext }[]
}

type Context = object

interface Tracer {
  startSpan(name: string, options: SpanOptions, context: Context): Span
}

/** The result of an export. Code 0 means success. */
interface ExportResult {
  readonly code: number
  readonly error?: Error
}

export interface SpanExporter {
  export(spans: readonly object[], ended: (result: ExportResult) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

interface BatchOptions {
  readonly exporter: SpanExporter
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  readonly scheduledDelayMillis: number
  readonly exportTimeoutMillis: number
}

interface TracerProvider {
  getTracer(name: string, version: string): Tracer
  shutdown(): Promise<void>
}

export interface Sdk {
  readonly trace: { setSpan(context: Context, span: Span): Context }
  readonly ROOT_CONTEXT: Context
  readonly resourceFromAttributes: (attributes: Attributes) => object
  readonly BatchSpanProcessor: new (options: BatchOptions) => object
  readonly TracerProvider: new (options: {
    readonly resource: object
    readonly spanProcessors: readonly object[]
  }) => TracerProvider
  readonly OTLPTraceExporter: new (options: { readonly url?: string; readonly timeoutMillis: number }) => SpanExporter
}

/** Compatible versions for every Node version that chaos supports. */
const VERSIONS = { api: '1.9', resources: '2', 'sdk-trace': '2', 'exporter-trace-otlp-http': '0.223' }

/**
 * Loads the SDK, an optional package.
 *
 * @throws UserError (environment) if it is not installed.
 */
export async function loadSdk(): Promise<Sdk> {
  // The names are computed, so that no bundler resolves them.
  const load = (): Promise<Sdk[]> => Promise.all(Object.keys(VERSIONS).map((name) => import(`@opentelemetry/${name}`)))
  const parts = await loadOptional(load, {
    why: '--otel needs packages that are not installed',
    packages: Object.entries(VERSIONS).map(([name, version]) => `@opentelemetry/${name}@${version}`),
  })
  return Object.assign({}, ...parts) as Sdk
}
