import { isService, SERVICE } from '@chaosproxy/engine/references'
import { knownName, type NamedRegistries, registriesOf } from '@chaosproxy/engine/run'
import { type FaultKind, insteadText } from '@chaosproxy/faults'
import { UserError, usageError } from '@chaosproxy/history'
import { DEFAULT_TARGET, type Target } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { EXECUTED, isDeclaration, isMaelstrom, isUserFile } from '@chaosproxy/targets/named'
import { type Settings, settingsFor } from '@chaosproxy/workloads'
import { type ParsedOptions, textOf } from '../command.ts'
import type { Options } from '../option.ts'
import { common, word, words } from './declare.ts'
import { namesOf, oneOf, parseSettings } from './names.ts'

export const targetOptions: Options = {
  target: common(word('the target or configured service to test; chaos targets lists both', DEFAULT_TARGET)),
  protocol: word('test the protocol in this file'),
  binary: word(
    'test this program, which reads events as JSON lines on stdin and answers on stdout; each node is one process',
  ),
  bug: word('give the target a deliberate bug; chaos targets --bugs lists them'),
  set: words('change a setting of the target, such as --set sync=1'),
}

/** The target of a command, and the reference by which other threads and processes load this target. */
interface ChosenTarget {
  readonly target: Target
  readonly reference: string
}

/**
 * Finds the target of `--target`, or the protocol in the file of `--protocol`.
 *
 * @throws UserError (usage, input)
 */
export async function chooseTarget(options: ParsedOptions, own: Choice): Promise<ChosenTarget> {
  const binary = textOf(options, 'binary')
  const file = typedFile({ binary, protocol: textOf(options, 'protocol') })
  const named = textOf(options, 'target')
  if (file === undefined) {
    const isConfigured = named === undefined && own.usual !== undefined
    const name = named ?? own.usual ?? DEFAULT_TARGET
    // A service may exist only in the simulator. If the command simulates services, a service's name means its
    // simulated version.
    const reference = own.simulates === true && isService(name) ? `${SIMULATED}${name}` : name
    return targetOf(reference, own.registries, isConfigured ? own.usualIn : undefined)
  }
  if (named !== undefined)
    throw usageError(
      `--target and --${binary === undefined ? 'protocol' : 'binary'} both choose what to test: give one of them.`,
    )
  if (!isUserFile(file))
    throw usageError(`--protocol ${file}: this is not the path of a file. Give a path, such as ./mine.ts.`)
  return targetOf(file)
}

/** Returns the protocol or program that the user typed. @throws UserError (usage) if the user typed both. */
export function typedFile({
  protocol,
  binary,
}: { readonly [Name in 'protocol' | 'binary']: string | undefined }): string | undefined {
  if (protocol !== undefined && binary !== undefined)
    throw usageError('--binary and --protocol both choose what to test: give one of them.')
  return binary === undefined ? protocol : `${EXECUTED}${binary}`
}

export const isTargetTyped = (options: ParsedOptions): boolean =>
  ['target', 'protocol', 'binary'].some((name) => textOf(options, name) !== undefined)

interface Choice {
  readonly registries?: NamedRegistries | undefined
  readonly usual?: string | undefined
  /** Where the default is configured: `chaos.config.ts: target`. */
  readonly usualIn?: string | undefined
  /** Whether a service is to run in the simulator. */
  readonly simulates?: boolean | undefined
}

const ours: NamedRegistries = registriesOf({ where: 'chaos', directory: '.' })

/** Returns the names without those of the simulated versions of protocols, which begin with `sim:`. */
export const withoutTwins = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !name.startsWith(SIMULATED))

/** Resolves a target's reference in a file: a name or a path. */
export async function targetOf(
  reference: string,
  registries: NamedRegistries = ours,
  where: string = '--target',
): Promise<ChosenTarget> {
  const named = reference.startsWith(SIMULATED) ? reference.slice(SIMULATED.length) : reference
  const isOwn = registries.targetNames.includes(named)
  if (!isUserFile(reference) && !isDeclaration(reference) && !isOwn && !isService(named) && !isMaelstrom(named)) {
    if (registries.targetNames.includes(`${SERVICE}${named}`))
      throw usageError(
        `${where} ${reference}: this is a service of the configuration. Write ${reference.slice(0, -named.length)}${SERVICE}${named}.`,
      )
    const { targetNames } = registries
    knownName(`${where} ${reference}`, 'target', reference, targetNames, withoutTwins(targetNames))
  }
  const full = registries.reference(reference)
  return { target: await registries.target(full), reference: full }
}

/** @throws UserError (usage) if the target does not have these settings. The message begins with `where`. */
export function requireSettings(target: Target, written: Settings | undefined, where: string): Settings {
  try {
    settingsFor(target, written)
    return written ?? {}
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.code, `${where}: ${error.message}`)
    throw error
  }
}

/** Whether a target can suffer a kind of fault. If not, also the reason, and what to use instead. */
export function faultSupportOf(
  target: Target,
  kind: FaultKind,
): { readonly suffers: boolean; readonly not?: string; readonly instead?: string } {
  const support = target.supports(kind)
  return support === true ? { suffers: true } : { suffers: false, not: support.not, instead: insteadText(support) }
}

/** The level that a target promises for registers, without faults. */
export const usualPromise = (target: Target): string =>
  target.promises({ workload: 'register', object: 'register', settings: settingsFor(target), faults: [] })

export function parseBug(target: Target, typed: string | undefined): string | undefined {
  if (typed === undefined) return undefined
  return oneOf('bug', `bug of ${target.name}`, typed, namesOf(target.bugs))
}

export function parseTargetSettings(
  target: Target,
  typed: readonly string[],
): { [name: string]: number | boolean | string } {
  const targetSettings = parseSettings(typed)
  for (const [name, value] of Object.entries(targetSettings)) {
    oneOf('set', `setting of ${target.name}`, name, namesOf(target.settings))
    const values = target.settings.find((setting) => setting.name === name)?.values
    if (values !== undefined && !values.includes(value))
      throw usageError(`--set ${name}=${value}: ${name} must be one of ${values.join(', ')}.`)
  }
  return targetSettings
}

const NAMES_MAELSTROM = ['maelstrom', '--target=maelstrom']

/** Translates a Maelstrom command line that tests a program to options of chaos. */
export async function normalizeMaelstrom(argv: readonly string[], command: 'run' | 'fuzz'): Promise<readonly string[]> {
  if (!argv.some((word) => NAMES_MAELSTROM.includes(word))) return argv
  const { withoutMaelstrom, inOurOptions } = await import('./maelstrom.ts')
  return command === 'run' ? withoutMaelstrom(argv) : inOurOptions(argv, true)
}
