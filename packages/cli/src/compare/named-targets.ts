import type { NamedRegistries } from '@chaosproxy/engine/run'
import { didYouMean, usageError } from '@chaosproxy/history'
import { findProtocol, protocols } from '@chaosproxy/protocols'
import type { Target } from '@chaosproxy/runner'
import type { Sweep, SweepPoint } from '@chaosproxy/scenarios'
import { namesOf, printSettings } from '../arguments/names.ts'
import { targetOf } from '../arguments/target.ts'

export interface NamedTarget {
  /** `primary-replica:reads=primary:sync=2`. */
  readonly typed: string
  /** The option or configuration member that names the system: `--targets raft`, `--sweep sync=0..4`. */
  readonly option: string
  /** The option or configuration member that names the system, for error messages: `--targets`. */
  readonly where: string
  readonly value?: string | undefined
  /**
   * The name of the system's curve in a comparison with `--sweep`: the target and the settings of every `--sweep`
   * except the first. The points of a curve differ only in the settings of the first `--sweep`.
   */
  readonly curve?: string | undefined
}

/** Quorums that do not overlap: the usual default of eventually consistent stores. */
const LOOSEST = 'quorum:r=1:w=1'

const STATELESS = 'balancer:backend=files'

/**
 * The systems compared by default: a stateless one, each protocol with its default and its strictest settings, and the
 * loosest quorums.
 */
const usualTargets = (): readonly string[] => [
  STATELESS,
  ...protocols.flatMap(({ name, strictest }) => [
    name,
    ...(strictest === undefined ? [] : [[name, ...printSettings(strictest)].join(':')]),
  ]),
  LOOSEST,
]

const MOST_OF_A_GRID = 60

interface Naming {
  readonly registries: NamedRegistries
  /** The option or configuration member that names the systems, for error messages: `--targets`. */
  readonly where: string
}

/**
 * Returns the systems in `typed` with every combination of the swept values. If `typed` is empty, the sweeps or the
 * defaults determine the systems.
 *
 * @throws UserError (usage)
 */
export async function namedTargets(
  typed: readonly string[],
  sweeps: readonly Sweep[],
  { registries, where }: Naming,
): Promise<readonly NamedTarget[]> {
  const plain = (text: string): NamedTarget => ({ typed: text, option: `${where} ${text}`, where })
  if (sweeps.length === 0) return (typed.length > 0 ? typed : usualTargets()).map(plain)
  const bases = typed.length > 0 ? typed : [...new Set(sweeps.map(systemOfSweep))]
  const named: NamedTarget[] = []
  const used = new Set<Sweep>()
  for (const base of bases) {
    const { target } = await targetOf(base.split(':')[0] ?? '', registries, where)
    // A single system gets all sweeps, even if it lacks their settings. The error for a missing setting then names this
    // system.
    const own = bases.length === 1 ? sweeps : sweeps.filter((sweep) => hasAll(target, sweep))
    for (const sweep of own) used.add(sweep)
    const [first, ...others] = own
    if (first === undefined) named.push(plain(base))
    else named.push(...gridOf(base, target, [first, ...others], where))
  }
  const unused = sweeps.find((sweep) => !used.has(sweep))
  if (unused !== undefined)
    throw usageError(
      `--sweep ${unused.typed}: none of ${bases.join(', ')} has such a setting. chaos targets lists the settings.`,
    )
  return named
}

function gridOf(
  base: string,
  target: Target,
  [first, ...others]: readonly [Sweep, ...Sweep[]],
  where: string,
): readonly NamedTarget[] {
  const rest = others.reduce<readonly (readonly SweepPoint[])[]>(
    (all, { points }) => all.flatMap((some) => points.map((point) => [...some, point])),
    [[]],
  )
  if (rest.length * first.points.length > MOST_OF_A_GRID)
    throw usageError(
      `--sweep: these are ${rest.length * first.points.length} combinations, and at most ${MOST_OF_A_GRID} are compared. Give fewer values.`,
    )
  const typedWith = (points: readonly SweepPoint[]) =>
    [
      base,
      ...points.flatMap(({ settings }) => settings.map(([name, value]) => `${settingNamed(target, name)}=${value}`)),
    ].join(':')
  return rest.flatMap((points) =>
    first.points.map((point) => ({
      typed: typedWith([...points, point]),
      option: [first, ...others].map(({ typed }) => `--sweep ${typed}`).join(' '),
      where,
      value: point.label,
      curve: typedWith(points).replaceAll(':', ' '),
    })),
  )
}

/**
 * Returns the system of a sweep: the name in `--sweep quorum=R1W3..R3W1`, or the only system with the setting of
 * `--sweep sync=0..4`.
 */
function systemOfSweep(sweep: Sweep): string {
  if (findProtocol(sweep.subject) !== undefined) return sweep.subject
  const having = protocols.filter((protocol) => hasAll({ settings: protocol.settings ?? [] }, sweep))
  const [only, other] = having
  if (only === undefined) {
    const known = protocols.flatMap(({ name, settings = [] }) => [name, ...namesOf(settings)])
    throw usageError(
      `--sweep ${sweep.typed}: no system has such a setting.${didYouMean(sweep.subject, known)} chaos targets lists all settings.`,
    )
  }
  if (other !== undefined)
    throw usageError(
      `--sweep ${sweep.typed}: several systems have such a setting: ${namesOf(having).join(', ')}. Choose one with --targets.`,
    )
  return only.name
}

interface Settable {
  readonly settings: readonly { readonly name: string }[]
}

const hasAll = (target: Settable, { points }: Sweep): boolean =>
  points.every(({ settings }) =>
    settings.every(([typed]) => target.settings.some(({ name }) => name === settingNamed(target, typed))),
  )

/**
 * Returns the name of the setting that the user means by `typed`: the setting with this name, in camel case or with
 * hyphens. If there is none, returns the only setting whose name is the first word or words of `typed`: the setting
 * `sync` for `syncReplicas`. Otherwise returns `typed`.
 */
function settingNamed({ settings }: Settable, typed: string): string {
  const dashed = typed.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
  const names = namesOf(settings)
  const exact = [typed, dashed].find((name) => names.includes(name))
  const [only, ...others] = names.filter((name) => dashed.startsWith(`${name}-`))
  return exact ?? (only !== undefined && others.length === 0 ? only : typed)
}
