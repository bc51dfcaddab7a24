import { rungs } from '@chaosproxy/checker'
import { count, duration, percent, plural } from '@chaosproxy/history'
import { AVAILABLE, isCut } from '@chaosproxy/runner/result'
import type { ComparedCell, ComparedSystem, Comparison, Spread } from './comparison.ts'
import { type Next, withOption } from './telling/next.ts'
import { capitalised, listed } from './words.ts'

/** The signs of levels, strongest first; levels between two that have a sign share the stronger one's neighbour. */
export const levelSigns: readonly {
  readonly sign: string
  readonly name: string
  readonly levels: readonly string[]
}[] = [
  ...rungs.map(({ sign, name, compared }) => ({ sign, name, levels: compared })),
  { sign: '⊘', name: 'none', levels: ['none'] },
  { sign: '?', name: 'unknown', levels: ['unknown'] },
]

export const signOf = (level: string): string => levelSigns.find(({ levels }) => levels.includes(level))?.sign ?? '?'

/** Weaker levels have higher ranks. */
export const levelRank = (level: string): number => levelSigns.findIndex(({ levels }) => levels.includes(level))

/** `linearizable`, `none of them`. */
export const levelName = (level: string): string =>
  level === 'none' ? 'not even eventual' : level.replaceAll('-', ' ')

export const durationOrNone = (nanos: number | undefined): string => (nanos === undefined ? '–' : duration(nanos))

export const share = (part: number): string => percent(part, 1)

export const cellUnder = ({ cells }: ComparedSystem, condition: string): ComparedCell | undefined =>
  cells.find((cell) => cell.condition === condition)

/** The faults of a comparison, without calm. */
export const faultsOf = ({ conditions }: Comparison): readonly string[] => conditions.slice(1)

/** The fault under which the least was answered, in the median of the runs; undefined without faults. */
export const worstCell = (system: ComparedSystem): ComparedCell | undefined => leastAnswered(system.cells.slice(1))

/** The same among the cuts. */
export const cutCell = (system: ComparedSystem): ComparedCell | undefined => leastAnswered(system.cells.filter(isCut))

function leastAnswered<Cell extends ComparedCell>([first, ...others]: readonly Cell[]): Cell | undefined {
  return (
    first &&
    others.reduce((worst, cell) => (cell.availability.median < worst.availability.median ? cell : worst), first)
  )
}

/** `98.8%`, and `98.8% (80.3–99.1%)` where runs differ: the median of the runs, and their range. */
export function spreadText({ median, least, most }: Spread): string {
  const [from, to] = [share(least), share(most)]
  return from === to ? share(median) : `${share(median)} (${from.slice(0, -1)}–${to})`
}

/** `2 of 3 runs`: how many, each taken alone, answered as the class says; empty without a class. */
export function classRuns(system: ComparedSystem): string {
  const { pacelc, cells } = system
  const worst = cutCell(system)
  if (pacelc === undefined || worst === undefined) return ''
  const agree = pacelc.startsWith('PA')
    ? Math.min(...cells.filter(isCut).map(({ available }) => available))
    : worst.runs - worst.available
  return `${agree} of ${plural(worst.runs, 'run')}`
}

export const lostIn = ({ cells }: ComparedSystem): number => cells.reduce((sum, { lost }) => sum + lost, 0)

/** `12 systems · 5 nodes · 15 clients, 300 operations/s · 6 s a run, 3 runs each · simulated`. */
export function comparisonSetting({
  systems,
  nodes,
  clients,
  rate,
  timeMs,
  seeds,
  world,
  network,
}: Comparison): string {
  return [
    `${systems.length} ${systems.length === 1 ? 'system' : 'systems'}`,
    `${nodes.join(' or ')} nodes${network === 'local' ? '' : `, network ${network}`}`,
    `${clients} clients, ${rate} operations/s`,
    `${timeMs / 1000} s a run, ${seeds.length} ${seeds.length === 1 ? 'run' : 'runs'} each (seed ${seeds[0] ?? 0}${seeds.length === 1 ? '' : ' and on'})`,
    world === 'simulated' ? 'in virtual time' : 'on real processes',
  ].join(' · ')
}

/** `98.2% available (100.0% in practice), p50 4.2 ms, p99 11 ms, outage 48 ms, recovered in 12 ms, nothing lost`. */
export function cellSentence(cell: ComparedCell): string {
  const { availability, practical, latency, staleNanos, outageNanos, recovery, lost } = cell
  return [
    `${spreadText(availability)} available (${share(practical.median)} in practice)`,
    latency === undefined ? 'nothing answered' : `p50 ${duration(latency.p50)}, p99 ${duration(latency.p99)}`,
    ...(staleNanos === undefined ? [] : [`stale by ${duration(staleNanos)}`]),
    `outage ${duration(outageNanos)}`,
    ...(recovery === undefined ? [] : [recovery === 'never' ? 'not recovered' : `recovered in ${duration(recovery)}`]),
    lost === 0 ? 'nothing lost' : `${lost} lost`,
  ].join(', ')
}

/** `masters promises linearizable and was found causal under partition`. */
export const brokenText = (name: string, { promised, level, condition }: ComparedCell): string =>
  `${name} promises ${levelName(promised)} and was found ${levelName(level)} under ${condition}`

/** What happened in a run that broke the promise, why, and what next. */
export const brokenTexts = ({ broken }: ComparedCell): readonly string[] =>
  broken === undefined
    ? []
    : [[`${broken.what}.`, broken.sentence].filter((text) => text !== '').join(' '), `Next: ${broken.next.text}`]

/** What to do next about a comparison: about a broken promise first, then about what is undecided. */
export function comparisonNext({ systems, interrupted, seeds }: Comparison): Next {
  const cells = systems.flatMap(({ name, cells }) => cells.map((cell) => ({ ...cell, name })))
  const commandOf = (cell: ComparedCell | undefined) => (cell?.again === '' ? undefined : cell?.again)
  const broken = cells.find(({ kept }) => kept === false)
  if (broken !== undefined)
    return {
      text: `Repeat the runs in which ${broken.name} broke its promise under ${broken.condition}.`,
      command: commandOf(broken),
    }
  const undecided = cells.find(({ kept, level }) => kept === 'unknown' || level === 'unknown')
  if (undecided !== undefined)
    return {
      text: `The level of ${undecided.name} under ${undecided.condition} is undecided. Try a shorter run.`,
      command: withOption(commandOf(undecided), 'time', '1s'),
    }
  if (interrupted) return { text: 'Let it run to its end, or ask for fewer targets or seeds.' }
  const losing = cells.find(({ lost }) => lost > 0) ?? leastAnswered(cells)
  return {
    text: `${seeds.length === 1 ? 'One seed proves' : `${seeds.length} seeds prove`} little. Try twenty${losing === undefined ? '' : ` with ${losing.name} under ${losing.condition}`}.`,
    command: withOption(commandOf(losing), 'seeds', '20'),
  }
}

/** The columns of {@link numbersOf}. */
export const NUMBER_TITLES: readonly string[] =
  'system,when cut,available,in practice,calm p50,p99,worst p99,stale by,outage,recovers,lost'.split(',')

/** What a system costs: in calm, and under the fault that hurts most. */
export function numbersOf(system: ComparedSystem): readonly (readonly [title: string, text: string])[] {
  const [calm, ...faulty] = system.cells
  const [worst, cut] = [worstCell(system), cutCell(system)]
  const most = (of: (cell: ComparedCell) => number | undefined): string => durationOrNone(mostOf(faulty.map(of)))
  const isForGood = faulty.some(({ recovery }) => recovery === 'never')
  const texts = [
    system.name,
    cut === undefined ? '–' : spreadText(cut.availability),
    worst === undefined ? '–' : `${spreadText(worst.availability)} ${worst.condition}`,
    worst === undefined ? '–' : share(worst.practical.median),
    durationOrNone(calm?.latency?.p50),
    durationOrNone(calm?.latency?.p99),
    most(({ latency }) => latency?.p99),
    most(({ staleNanos }) => staleNanos),
    most(({ outageNanos }) => outageNanos),
    isForGood ? 'never' : most(({ recovery }) => (typeof recovery === 'number' ? recovery : undefined)),
    count(lostIn(system)),
  ]
  return NUMBER_TITLES.map((title, i) => [title, texts[i] ?? ''])
}

function mostOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** More names than this are counted instead. */
const MOST_NAMED = 3

/** What a comparison found, in a few words: who broke a promise, or what nobody managed. */
export function comparisonTitle({ systems, sweep }: Comparison): string {
  const broken = systems.filter(({ cells }) => cells.some(({ kept }) => kept === false)).map(({ name }) => name)
  if (broken.length > MOST_NAMED) return `${broken.length} of ${plural(systems.length, 'system')} broke their promises`
  if (broken.length > 0)
    return `${capitalised(listed(broken))} broke ${broken.length === 1 ? 'its promise' : 'their promises'}`
  const cut = systems.filter(({ pacelc }) => pacelc !== undefined)
  if (sweep === undefined && cut.length > 1 && !cut.some(isStrongAndAvailable))
    return `None of ${plural(cut.length, 'system')} was linearizable and available when cut`
  return `${sweep ?? plural(systems.length, 'system')} compared`
}

/** Linearizable under every cut, and answering nearly all requests. */
const isStrongAndAvailable = ({ cells }: ComparedSystem): boolean => {
  const cuts = cells.filter(isCut)
  return (
    cuts.length > 0 &&
    cuts.every(({ level, availability }) => level === 'linearizable' && availability.median >= AVAILABLE)
  )
}

/** What no system can be by the CAP theorem, and what the measurements say all the same; empty if they do not. */
export function beyondCap({ systems }: Comparison): string {
  const names = systems.filter(isStrongAndAvailable).map(({ name }) => name)
  if (names.length === 0) return ''
  return `${listed(names)} was found linearizable and answered at least ${AVAILABLE * 100}% while cut, which no system can if both sides are used for longer than clients wait: suspect the cuts or this tool, and measure longer.`
}
