import { type FaultKind, faultDefinitions } from '@chaosproxy/faults'
import { didYouMean, usageError } from '@chaosproxy/history'
import {
  type ClockBounds,
  checkedProtocol,
  DEFAULT_OBJECT,
  findProtocol,
  objects,
  type ProtocolDefinition,
  type ProtocolModule,
  promisedLevels,
  protocols,
} from '@chaosproxy/protocols'
import { EXECUTED, isBinary, isMaelstrom } from '../stdio/binary/reference.ts'
import { callOwn, hasDefault, importUserFile, isTexts, isUserFile, objectIn, refusing, type Wrong } from './import.ts'

const DEFAULT_NODES = 3
const objectNames = objects.map(({ name }) => name)
const promiseNames: readonly unknown[] = [...promisedLevels, 'none']

/**
 * Loads a protocol by name, from a user's program (`exec:python3 node.py`), or from a user's file whose default export
 * is a `ProtocolModule`. Its machines are checked at run time.
 *
 * @throws UserError (usage) if there is no such protocol, or the file does not export one; (input) if the file fails to
 * run.
 */
export async function loadProtocol(reference: string): Promise<ProtocolDefinition> {
  if (isBinary(reference)) {
    const command = reference.slice(EXECUTED.length)
    if (isMaelstrom(command)) {
      const { maelstromProtocol } = await import('../stdio/maelstrom/virtual-protocol.ts')
      return protocolFrom(maelstromProtocol(command), command)
    }
    const { binaryProtocol } = await import('../stdio/binary/binary-protocol.ts')
    return protocolFrom(binaryProtocol(reference), reference)
  }
  if (isUserFile(reference)) return protocolFrom(await importUserFile(reference), reference)
  const protocol = findProtocol(reference)
  if (protocol !== undefined) return protocol
  const names = protocols.map(({ name }) => name).join(', ')
  throw usageError(`there is no protocol "${reference}". There are: ${names}; or give the path of a file.`)
}

/**
 * Returns a file's protocol, checked and completed with defaults. `path` begins every message.
 *
 * @throws UserError (usage) if the export is not a protocol.
 */
export function protocolFrom(exported: unknown, path: string): ProtocolDefinition {
  const wrong = refusing(path, '{ name, create() } (type ProtocolModule)')
  const module = objectIn<ProtocolModule>(exported, wrong)
  if (typeof module.name !== 'string' || module.name === '') throw wrong('"name" is not a string')
  if (typeof module.create !== 'function') throw wrong('"create" is not a function')
  const { name, promises = 'linearizable', defaultNodes = DEFAULT_NODES, settings = [], bugs = [] } = module
  if (typeof promises !== 'function' && !promiseNames.includes(promises))
    throw wrong(`"promises" is "${promises}", which is neither one of ${promiseNames.join(', ')} nor a function`)
  const { functions } = module
  // If `objects` is missing, the module's functions decide which objects it has.
  const { objects: named = functions === undefined ? [DEFAULT_OBJECT] : objectNames } = module
  for (const [member, list] of Object.entries({ objects: named, functions: functions ?? [] }))
    if (!isTexts(list)) throw wrong(`"${member}" is not a list of names`)
  for (const object of named)
    if (functions === undefined && !objectNames.includes(object))
      throw wrong(
        `"objects" has the unknown object "${object}".${didYouMean(object, objectNames)} For an object other than ${objectNames.join(', ')}, "functions" must list the supported functions`,
      )
  if (!Number.isInteger(defaultNodes) || defaultNodes < 1)
    throw wrong(`"defaultNodes" is ${defaultNodes}, which is not a number of nodes`)
  for (const [member, list] of Object.entries({ settings, bugs, invariants: module.invariants ?? [] }))
    if (!Array.isArray(list) || list.some((item) => typeof item?.name !== 'string'))
      throw wrong(`"${member}" is not a list of { name, … }`)
  for (const setting of settings)
    if (!hasDefault(setting))
      throw wrong(`the setting "${setting.name}" has no "default" that is a number, true, false or a string`)
  refuseRenamed(module, bugs, wrong)
  const { clocks, notUnder, mayStopUnder } = module
  const checkedKinds = (member: string, given: ProtocolModule['notUnder']): ProtocolDefinition['notUnder'] => {
    if (typeof given === 'function') return (settings) => kindsIn(member, given(settings), wrong)
    return given === undefined ? undefined : kindsIn(member, given, wrong)
  }
  if (clocks !== undefined && typeof clocks !== 'function') boundsIn(clocks, wrong)
  const create: ProtocolDefinition['create'] = (options) => {
    const machine: unknown = callOwn(path, 'create', () => module.create?.(options))
    for (const member of ['start', 'step', 'status'] as const)
      if (typeof (machine as { readonly [name: string]: unknown } | undefined)?.[member] !== 'function')
        throw wrong(`the object that "create" returns has no function "${member}"`)
    return machine as ReturnType<ProtocolDefinition['create']>
  }
  const summary = `from ${path}`
  return checkedProtocol({
    summary,
    ...module,
    settings,
    bugs,
    name,
    objects: named,
    functions,
    promises: typeof promises === 'function' ? promises : () => promises,
    notUnder: checkedKinds('notUnder', notUnder),
    mayStopUnder: checkedKinds('mayStopUnder', mayStopUnder),
    clocks: typeof clocks === 'function' ? (given) => boundsIn(clocks(given), wrong) : clocks,
    defaultNodes,
    create,
  })
}

/** @throws UserError (usage) for an outdated member, such as `knobs`. */
function refuseRenamed(module: object, bugs: ProtocolDefinition['bugs'], wrong: Wrong): void {
  if ('knobs' in module) throw wrong('rename "knobs" to "settings", also in the options that "create" is given')
  for (const { name, under = {} } of bugs) {
    if ('knobs' in under) throw wrong(`the bug "${name}" has "knobs": rename it to "settings"`)
    if ('trialKnobs' in under) throw wrong(`the bug "${name}" has "trialKnobs": rename it to "trialSettings"`)
  }
}

function kindsIn(member: string, kinds: unknown, wrong: Wrong): readonly FaultKind[] {
  if (!Array.isArray(kinds)) throw wrong(`"${member}" is ${JSON.stringify(kinds)}, not a list of kinds of fault`)
  const known: readonly string[] = faultDefinitions.map(({ kind }) => kind)
  const strange: unknown = kinds.find((kind) => !known.includes(kind))
  if (strange === undefined) return kinds
  throw wrong(
    `"${member}" has ${JSON.stringify(strange)}, which is not a kind of fault.${didYouMean(String(strange), known)} There are: ${known.join(', ')}`,
  )
}

function boundsIn(bounds: unknown, wrong: Wrong): ClockBounds {
  if (bounds === null || typeof bounds !== 'object')
    throw wrong(`"clocks" is ${JSON.stringify(bounds)}, not { drift, jumpMs }`)
  const { drift = 1, jumpMs = 0 } = bounds as ClockBounds
  if (typeof drift !== 'number' || !(drift >= 1))
    throw wrong(
      `"clocks" has the drift ${JSON.stringify(drift)}: give the highest ratio between the speeds of two clocks, such as 1.25`,
    )
  if (typeof jumpMs === 'number' && jumpMs >= 0) return bounds
  throw wrong(`"clocks" has the jumpMs ${JSON.stringify(jumpMs)}: give 0 or more`)
}
