import { describeFault, type Fault, faultDefinitions } from '@chaosproxy/faults'
import type { History } from '@chaosproxy/history'
import { type FaultSpan, faultSpans, type RunSummary } from '@chaosproxy/runner/result'
import { printable } from './operation-words.ts'

export const labelOfFault = (fault: Fault): string => printable(describeFault(fault))

/** Returns the plural of a fault's name: `partitions`, `spells of delay`. */
export const severalOf = (name: string): string =>
  faultDefinitions.find(({ kind }) => kind === name)?.plural ?? `spells of ${name}`

/** Returns the faults that were in force, ordered by start. */
export const labelledFaults = (history: History, run: RunSummary | undefined): FaultSpan[] =>
  faultSpans(history, run).map((span) => ({ ...span, label: printable(span.label) }))

export const during = (spans: readonly FaultSpan[], from: number, to: number): FaultSpan[] =>
  spans.filter((span) => span.from <= to && span.to >= from)
