import { count, duration, percent, plural } from '@chaosproxy/history'
import { AVAILABLE, areIsolation, comparedRungs, isCut, isLinear } from '@chaosproxy/runner/result'
import type { ComparedCell, ComparedSystem, Comparison, LevelResult, Spread } from './comparison.ts'
import { type Next, withOption } from './telling/next.ts'
import { capitalised, listed, sentences } from './words.ts'

interface LevelSign {
  readonly sign: string
  readonly name: string
  readonly levels: readonly string[]
}

/**
 * Returns the symbols, such as ●, of the consistency levels in a comparison, strongest level first. Two neighbouring
 * levels may share a symbol.
 */
export const levelSigns = (comparison: Pick<Comparison, 'levels'>): readonly LevelSign[] => [
  ...rungSigns(comparison.levels).filter(({ levels }) => levels.some((level) => comparison.levels.includes(level))),
  { sign: '⊘', name: levelName('none', comparison), levels: ['none'] },
  { sign: '?', name: 'unknown', levels: ['unknown'] },
]

const rungSigns = (levels: readonly string[]): readonly LevelSign[] =>
  comparedRungs(levels).map(({ sign, name, compared }) => ({ sign, name, levels: compared }))

/** Returns the symbol of a level, such as ●; `?` if the level has none. */
export const signOf = (level: string): string =>
  level === 'none'
    ? '⊘'
    : ([[], ['serializable']].flatMap(rungSigns).find(({ levels }) => levels.includes(level))?.sign ?? '?')

export const levelRank = (level: string, { levels }: Pick<Comparison, 'levels'>): number =>
  [...levels, 'none', 'unknown'].indexOf(level)

/** Whether the comparison is judged by isolation levels. */
export const isOfTransactions = ({ levels }: Pick<Comparison, 'levels'>): boolean => areIsolation(levels)

/** Returns the name of a level. The name of `none` contains the weakest level: `not even eventual`. */
export function levelName(level: string, { levels }: Pick<Comparison, 'levels'>): string {
  if (level !== 'none') return level.replaceAll('-', ' ')
  const weakest = (levels.at(-1) ?? 'eventual').replaceAll('-', ' ')
  return levels.length === 1 ? `not ${weakest}` : `not even ${weakest}`
}

/** Returns the name of the strongest level that the comparison judges. */
export const strongestName = ({ levels: [strongest = 'linearizable'] }: Pick<Comparison, 'levels'>): string =>
  strongest.replaceAll('-', ' ')

const SHORT: { readonly [level: string]: string } = {
  'strict-serializable': 'strict',
  serializable: 'SER',
  'repeatable-read': 'RR',
  'strong-snapshot-isolation': 'sSI',
  'snapshot-isolation': 'SI',
  'parallel-snapshot-isolation': 'PSI',
  'read-atomic': 'RA',
  'monotonic-atomic-view': 'MAV',
  'cursor-stability': 'CS',
  'read-committed': 'RC',
  'read-uncommitted': 'RU',
}

export const shortName = (level: string): string => SHORT[level] ?? level

/** Explains the short names of levels: `SER: serializable, RR: repeatable read`. */
export const shortNames = ({ levels }: Comparison): string =>
  levels.flatMap((level) => (level in SHORT ? `${shortName(level)}: ${level.replaceAll('-', ' ')}` : [])).join(', ')

const durationOrNone = (nanos: number | undefined): string => (nanos === undefined ? '–' : duration(nanos))

export const share = (part: number): string => percent(part, 1)

export const cellUnder = ({ cells }: ComparedSystem, condition: string): ComparedCell | undefined =>
  cells.find((cell) => cell.condition === condition)

export const faultsOf = ({ conditions }: Comparison): readonly string[] => conditions.slice(1)

/** Returns each system's isolation levels under each condition. */
export const isolationRows = ({
  systems,
  levels,
}: Comparison): readonly (readonly [system: ComparedSystem, cell: ComparedCell, results: readonly LevelResult[]])[] =>
  systems.flatMap((system) =>
    system.cells.map((cell) => [system, cell, levels.map((level) => cell.levels[level] ?? 'unknown')] as const),
  )

/** Returns the cell of the fault with the lowest availability, if there are faults. */
export const worstCell = (system: ComparedSystem): ComparedCell | undefined => leastAnswered(system.cells.slice(1))

/** Of the cells whose condition is a cut, returns the one with the lowest availability; undefined if there are none. */
export const cutCell = (system: ComparedSystem): ComparedCell | undefined => leastAnswered(system.cells.filter(isCut))

function leastAnswered<Cell extends ComparedCell>([first, ...others]: readonly Cell[]): Cell | undefined {
  return (
    first &&
    others.reduce((worst, cell) => (cell.availability.median < worst.availability.median ? cell : worst), first)
  )
}

/** Formats the median of the runs, and their range if they differ: `98.8% (80.3–99.1%)`. */
export function spreadText({ median, least, most }: Spread): string {
  const [from, to] = [share(least), share(most)]
  return from === to ? share(median) : `${share(median)} (${from.slice(0, -1)}–${to})`
}

export function classRuns(system: ComparedSystem): string {
  const { pacelc, cells } = system
  const worst = cutCell(system)
  if (pacelc === undefined || worst === undefined) return ''
  const agree = pacelc.startsWith('PA')
    ? Math.min(...cells.filter(isCut).map(({ available }) => available))
    : worst.runs - worst.available
  return `${agree} of ${plural(worst.runs, 'run')}`
}

/** Returns a system's class with its runs, or a dash: `PA/EL, 3 of 3 runs`. */
export const classText = (system: ComparedSystem): string =>
  system.pacelc === undefined ? '–' : `${system.pacelc}, ${classRuns(system)}`

export const lostIn = ({ cells }: ComparedSystem): number => cells.reduce((sum, { lost = 0 }) => sum + lost, 0)

/**
 * Describes how systems were compared: `12 systems · 5 nodes · 15 clients, 300 operations/s · 6 s a run, 3 runs each ·
 * simulated`.
 */
export function comparisonSetting({
  systems,
  nodes,
  clients,
  rate,
  timeMs,
  seeds,
  world,
  network,
  workload,
}: Comparison): string {
  return [
    ...(workload === undefined ? [] : [workload]),
    plural(systems.length, 'system'),
    `${nodes.join(' or ')} nodes${network === 'local' ? '' : `, network ${network}`}`,
    `${clients} clients, ${rate} operations/s`,
    `${timeMs / 1000} s a run, ${seeds.length} ${seeds.length === 1 ? 'run' : 'runs'} each (seed ${seeds[0] ?? 0}${seeds.length === 1 ? '' : ' and on'})`,
    world === 'simulated' ? 'in virtual time' : 'on real processes',
  ].join(' · ')
}

/**
 * Describes the measurements of a cell: `98.2% available (100.0% in practice), p50 4.2 ms, p99 11 ms, outage 48 ms,
 * recovered in 12 ms, nothing lost`.
 */
export function cellSentence(cell: ComparedCell): string {
  const { availability, practical, latency, staleNanos, outageNanos, recovery, lost } = cell
  return [
    `${spreadText(availability)} available (${share(practical.median)} in practice)`,
    latency === undefined ? 'nothing answered' : `p50 ${duration(latency.p50)}, p99 ${duration(latency.p99)}`,
    ...(staleNanos === undefined ? [] : [`stale by ${duration(staleNanos)}`]),
    `outage ${duration(outageNanos)}`,
    ...(recovery === undefined ? [] : [recovery === 'never' ? 'not recovered' : `recovered in ${duration(recovery)}`]),
    ...(lost === undefined ? [] : [lost === 0 ? 'nothing lost' : `${lost} lost`]),
  ].join(', ')
}

/**
 * Describes how a system broke its promise: `primary-replica promises linearizable and was found causal under
 * partition`.
 */
export const brokenText = (name: string, { promised, level, condition }: ComparedCell, of: Comparison): string =>
  `${name} promises ${levelName(promised, of)} and was found ${levelName(level, of)} under ${condition}`

export const brokenSystems = ({ systems }: Comparison): readonly ComparedSystem[] =>
  systems.filter(({ cells }) => cells.some(isBroken))

/** Returns the broken promises, each with the name of its system. */
export const brokenCells = ({
  systems,
}: Comparison): readonly { readonly name: string; readonly cell: ComparedCell }[] =>
  systems.flatMap(({ name, cells }) => cells.filter(isBroken).map((cell) => ({ name, cell })))

const isBroken = ({ kept }: ComparedCell): boolean => kept === false

/** Returns what the page says about a run that broke the promise. */
export const brokenTexts = ({ broken }: ComparedCell): readonly string[] =>
  broken === undefined
    ? []
    : [sentences(`${broken.what}.`, broken.sentence), ...(broken.next.text === '' ? [] : [`Next: ${broken.next.text}`])]

/** Says what to do next about a broken promise or, if none is broken, about undecided results. */
export function comparisonNext({ systems, interrupted, seeds, again }: Comparison): Next {
  const cells = systems.flatMap(({ name, cells }) => cells.map((cell) => ({ ...cell, name })))
  const commandOf = (cell: ComparedCell | undefined) => (cell?.again === '' ? undefined : cell?.again)
  const broken = cells.find(isBroken)
  if (broken !== undefined)
    return {
      text: `Repeat the runs in which ${broken.name} broke its promise under ${broken.condition}.`,
      command: commandOf(broken),
    }
  const undecided = cells.find(({ kept, level }) => kept === 'unknown' || level === 'unknown')
  if (undecided !== undefined)
    return {
      text: `The level of ${undecided.name} under ${undecided.condition} is undecided. ${undecided.toDecide ?? 'Expect a weaker level of it, or run it for longer.'}`,
      command: commandOf(undecided),
    }
  if (interrupted) return { text: 'Let it run to its end, or ask for fewer targets or seeds.', command: again }
  const losing = cells.find(({ lost = 0 }) => lost > 0) ?? leastAnswered(cells)
  return {
    text: `${seeds.length === 1 ? 'One seed proves' : `${seeds.length} seeds prove`} little. Try twenty${losing === undefined ? '' : ` with ${losing.name} under ${losing.condition}`}.`,
    command: withOption(commandOf(losing), 'seeds', '20'),
  }
}

/** The column titles of {@link numbersOf}. Transactions have neither staleness nor counts of lost writes. */
export const numberTitles = (comparison: Comparison): readonly string[] => [
  ...'system,when cut,available,in practice,calm p50,p99,worst p99'.split(','),
  ...(isOfTransactions(comparison) ? ['outage', 'recovers'] : ['stale by', 'outage', 'recovers', 'lost']),
]

/**
 * Returns the texts of a system under the titles of {@link numberTitles}: its availability, its latency without faults,
 * and the worst value of each other measurement under faults.
 */
export function numbersOf(
  system: ComparedSystem,
  comparison: Comparison,
): readonly (readonly [title: string, text: string])[] {
  const [calm, ...faulty] = system.cells
  const [worst, cut] = [worstCell(system), cutCell(system)]
  const most = (of: (cell: ComparedCell) => number | undefined): string => durationOrNone(mostOf(faulty.map(of)))
  const isForGood = faulty.some(({ recovery }) => recovery === 'never')
  const ofTransactions = isOfTransactions(comparison)
  const texts = [
    system.name,
    cut === undefined ? '–' : spreadText(cut.availability),
    worst === undefined ? '–' : `${spreadText(worst.availability)} ${worst.condition}`,
    worst === undefined ? '–' : share(worst.practical.median),
    durationOrNone(calm?.latency?.p50),
    durationOrNone(calm?.latency?.p99),
    most(({ latency }) => latency?.p99),
    ...(ofTransactions ? [] : [most(({ staleNanos }) => staleNanos)]),
    most(({ outageNanos }) => outageNanos),
    isForGood ? 'never' : most(({ recovery }) => (typeof recovery === 'number' ? recovery : undefined)),
    ...(ofTransactions ? [] : [count(lostIn(system))]),
  ]
  return numberTitles(comparison).map((title, i) => [title, texts[i] ?? ''])
}

function mostOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** A title lists at most this many systems by name. For more systems, it contains their number instead. */
const MOST_NAMED = 3

/** Explains how a system's level is determined. */
export function weakestText({ seeds, workload }: Comparison): string {
  const runs = seeds.length === 1 ? 'its one run' : `${seeds.length} runs`
  const kinds = workload === undefined ? ', with registers and with sets' : ''
  return `the level of a system is the weakest that it showed in ${runs} under a fault${kinds}`
}

/**
 * Returns the title of a comparison: the systems that broke their promise. If all systems kept their promise, the title
 * is `None of 3 systems was linearizable and available when cut`, or `3 systems compared`.
 */
export function comparisonTitle(comparison: Comparison): string {
  const { systems, sweep } = comparison
  const broken = brokenSystems(comparison).map(({ name }) => name)
  if (broken.length > MOST_NAMED) return `${broken.length} of ${plural(systems.length, 'system')} broke their promises`
  if (broken.length > 0)
    return `${capitalised(listed(broken))} broke ${broken.length === 1 ? 'its promise' : 'their promises'}`
  const cut = systems.filter(({ pacelc }) => pacelc !== undefined)
  if (sweep === undefined && cut.length > 1 && !cut.some(isStrongAndAvailable))
    return `None of ${plural(cut.length, 'system')} was ${strongestName(comparison)} and available when cut`
  return `${sweep ?? plural(systems.length, 'system')} compared`
}

/** Whether the system met the strongest level under every cut, and its median run answered nearly all requests. */
const isStrongAndAvailable = ({ cells }: ComparedSystem): boolean => {
  const cuts = cells.filter(isCut)
  return cuts.length > 0 && cuts.every(({ level, availability }) => isLinear(level) && availability.median >= AVAILABLE)
}

/** Names the systems that contradict the CAP theorem, if any. */
export function beyondCap(comparison: Comparison): string {
  const names = comparison.systems.filter(isStrongAndAvailable).map(({ name }) => name)
  if (names.length === 0) return ''
  return `${listed(names)} was ${strongestName(comparison)} and answered at least ${AVAILABLE * 100}% of requests under cuts. No system can do so if clients use both sides longer than their timeout: suspect the cuts or this tool, and measure longer.`
}

/** Returns the rules by which a comparison classifies systems as PA or PC, and as EC or EL. */
export const pacelcRule = (comparison: Comparison): string =>
  `PA: under every cut, the median run answered at least ${AVAILABLE * 100}% of the requests to live nodes without an error. PC: under some cut, the median run answered a smaller share. "PA/EL, 2 of 3 runs" means that 2 of the 3 runs, classified alone, are also PA. EC: every run without a cut, in calm or with late messages, was ${strongestName(comparison)}. EL: at least one such run was weaker.`
