import type { count, duration } from '@chaosproxy/history'
import type { Operation } from './decode.ts'
import type { PageData } from './page-data.ts'

/** The functions with which the whole program, not only this page, formats numbers and durations. */
interface Figures {
  readonly count: typeof count
  readonly duration: typeof duration
}

/** The functions that describe what the page draws. Times are nanoseconds. */
export interface Words {
  readonly seconds: (time: number, digits?: number) => string
  readonly length: (nanos: number) => string
  readonly number: (value: number) => string
  readonly hasReturnValue: (operation: Operation) => boolean
  /** Returns input and outcome, short enough for a bar. */
  readonly brief: (operation: Operation) => string
  readonly full: (operation: Operation) => string[]
  /** Returns the faults in force during a time span. */
  readonly faults: (from: number, to: number) => string
}

export function wordsOf(data: PageData, { count, duration }: Figures): Words {
  const seconds = (time: number, digits = 6): string => `${(time / 1e9).toFixed(digits)} s`
  const value = (id: number): string => (id % 2 === 0 ? (data.values[id / 2] ?? '') : String((id - 1) / 2))
  const hasReturnValue = ({ f }: Operation): boolean => data.telling[f] === true
  const request = ({ final, f, key, input }: Operation): string =>
    [final ? 'final' : '', data.functions[f], data.keys[key], input === 0 ? '' : value(input)].filter(Boolean).join(' ')
  const answer = (operation: Operation): string => {
    const { outcome, output, end, error } = operation
    if (outcome === 'ok') return hasReturnValue(operation) ? value(output) : 'ok'
    const result = outcome === 'info' && !Number.isFinite(end) ? 'no answer' : outcome
    return error < 0 ? result : `${result}: ${data.errors[error]}`
  }
  const brief = (operation: Operation): string => {
    if (operation.outcome !== 'ok') return `${request(operation)} ✗`
    return hasReturnValue(operation) ? `${request(operation)} → ${value(operation.output)}` : request(operation)
  }
  const full = (operation: Operation): string[] => {
    const { process, node, call, end, line, endLine } = operation
    const answered = Number.isFinite(end)
    return [
      `${data.processes[process]}: ${request(operation)} → ${answer(operation)}`,
      node < 0 ? '' : `node ${data.nodes[node]}`,
      seconds(call) + (answered ? ` to ${seconds(end)}, ${duration(end - call)}` : ', never answered'),
      `line ${count(line)}${endLine === 0 ? '' : ` to ${count(endLine)}`}`,
    ]
  }
  const faults = (from: number, to: number): string =>
    data.faults
      .filter(([start, end]) => start <= to && end >= from)
      .map(([, , label]) => label)
      .join(', ')
  return { seconds, length: duration, number: count, hasReturnValue, brief, full, faults }
}
