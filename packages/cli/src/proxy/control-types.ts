/** Answers of the control interface, as described by `GET /v1/openapi.json`. */
export interface ProxyAnswer {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  readonly links: readonly string[]
  readonly liveConnections: number
  readonly faults: readonly string[]
}

export interface LinkAnswer {
  readonly link: string
  readonly bytes: number
  readonly droppedBytes: number
  readonly connections: number
  readonly liveConnections: number
  readonly hits: number
}

export interface RuleSetAnswer {
  /** How many times the faults have changed. */
  readonly epoch: number
  readonly faults: readonly FaultAnswer[]
}

export interface LeaseAnswer {
  readonly id: string
  readonly owner: string
  readonly ttlMs: number
  readonly remainingMs: number
  readonly faults: readonly string[]
}

export type FaultAnswer = {
  readonly name: string
  readonly kind: string
  readonly links: readonly string[]
  readonly origin: string
  readonly hits: number
  /** How often the fault should have taken effect but could not. */
  readonly missed?: number
  /** The most recent reason why the fault could not take effect. */
  readonly missedBecause?: string
  readonly lease?: string
} & { readonly [parameter: string]: unknown }
