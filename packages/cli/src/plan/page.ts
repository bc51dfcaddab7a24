import type { MadePlan } from '@chaosproxy/engine'
import { count, duration, millis, millisToNanos, plural } from '@chaosproxy/history'
import { printDuration, printSize } from '../arguments/quantities.ts'
import { fitted } from '../terminal/fitted.ts'

type Plan = MadePlan['plan']
type Calibration = MadePlan['measured']
type Estimate = Plan['timeMs']

/** A plan, and what it is of. */
export interface PlannedWork extends MadePlan {
  readonly kind: Calibration['kind']
  readonly size: number
  readonly keys: number
  /** Of each machine. */
  readonly memory: number
  readonly within?: number | undefined
}

/** What a plan says, for people. */
export function pageOfPlan(work: PlannedWork): string {
  const { kind, size, keys, plan, measured, memory, within } = work
  const { machines, timeMs, memoryBytes, cpuMs, textBytes, needed, beyond } = plan
  const title =
    kind === 'check'
      ? `A check of ${count(size)} operations on ${plural(keys, 'key')}, ${sizeText(textBytes ?? 0)} of text`
      : `A search of ${count(size)} seeds`
  const by = machines === 1 ? 'one machine' : `${count(machines)} machines`
  const rows = [
    [`time on ${by}`, spanText(timeMs, timeText)],
    [
      `memory of ${machines === 1 ? 'it' : 'each'}`,
      `${spanText(memoryBytes, sizeText)}${fitsText(memoryBytes, memory)}`,
    ],
    ['processor time', spanText(cpuMs, timeText)],
    ...(within === undefined ? [] : [[`within ${printDuration(within)}`, neededText(needed)]]),
  ]
  const widest = Math.max(...rows.map(([name = '']) => name.length)) + 2
  return fitted(
    [
      title,
      '',
      ...rows.map(([name = '', text = '']) => `  ${name.padEnd(widest)}${text}`),
      '',
      ...remedyOf(work),
      ...shardsOf(plan),
      basisOf(measured, plan),
      beyond > 10
        ? `That is ${count(Math.round(beyond))} times what was measured: nobody has seen what else changes on the way there, such as a disk that is slower than memory.`
        : '',
      '',
    ]
      .filter((line, n, lines) => line !== '' || lines[n - 1] !== '')
      .join('\n'),
  )
}

function remedyOf({ kind, plan, memory }: PlannedWork): readonly string[] {
  if (plan.memoryBytes.value <= memory) return []
  return kind === 'check'
    ? [
        `It does not fit in ${sizeText(memory)}, although its operations are packed while they are read: check it on machines with ${sizeText(plan.memoryBytes.to)}, or${plan.machines === 1 ? ' by several workers (chaos check --queue), or' : ''} record less.`,
        '',
      ]
    : [`It does not fit in ${sizeText(memory)}: use fewer threads (chaos fuzz --workers 1).`, '']
}

const shardsOf = ({ shards }: Plan): readonly string[] =>
  shards === undefined
    ? []
    : [
        `It is too large to be held: workers of one thread judge its keys in ${count(shards)} shards, and read all of it for each.`,
        '',
      ]

function basisOf({ machine, points, at, kind }: Calibration, { growth }: Plan): string {
  const sizes = points.map(({ size }) => size)
  const unit = kind === 'check' ? 'operations' : 'seeds'
  const laws = Object.entries(growth).map(([cost, found]) => `${cost} ${found.join(' or ')}`)
  const tookMs = points.reduce((sum, { wallMs }) => sum + wallMs, 0)
  return `Measured in ${timeText(tookMs)} at ${at}: ${points.length} runs of ${count(Math.min(...sizes))} to ${count(Math.max(...sizes))} ${unit}, on ${plural(machine.cores, 'core')} of ${machine.processor}. Growth: ${laws.join(', ')}. Nine of ten measurements are between the bounds in brackets.`
}

function fitsText({ to, from }: Estimate, memory: number): string {
  if (to <= memory) return `: fits in ${sizeText(memory)}`
  return from > memory ? `: does not fit in ${sizeText(memory)}` : `: may not fit in ${sizeText(memory)}`
}

function neededText(needed: Plan['needed']): string {
  if (needed === 'none') return 'no number of machines is enough'
  return needed === undefined ? '' : plural(needed, 'machine')
}

const spanText = ({ value, from, to }: Estimate, print: (value: number) => string): string =>
  `${print(value)} (${print(from)} to ${print(to)})`

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function timeText(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${(ms / DAY_MS).toFixed(1)} days`
  if (ms >= HOUR_MS) return `${(ms / HOUR_MS).toFixed(1)} h`
  return ms >= 60_000 ? `${(ms / 60_000).toFixed(1)} min` : duration(millisToNanos(millis(ms)))
}

/** Two digits are as much as a prediction knows. */
function sizeText(bytes: number): string {
  const unit = [1e9, 1e6, 1e3].find((each) => bytes >= each) ?? 1
  return printSize(Math.round((bytes / unit) * 10) * (unit / 10))
}
