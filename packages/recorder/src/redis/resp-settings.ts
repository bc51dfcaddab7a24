import { quote } from '@chaosproxy/faults'
import { inputError, type Json, plural, type UserError } from '@chaosproxy/history'
import { type Identifier, parseIdentifier } from '../record/naming.ts'
import { isInitialValue, type Members, refuseUnknown } from '../record/settings.ts'
import { type CommandSet, commandModels, commandSet } from './command-set.ts'
import { type DeclaredScript, whyNot } from './declared-scripts.ts'

type RespInitial = 'unknown' | 'read' | { readonly value: Json }

export interface RespSettings {
  readonly commands: CommandSet
  /** How to identify clients that do not name themselves. */
  readonly client: Identifier | undefined
  readonly initial: RespInitial
}

export const RESP_NAMES = 'CLIENT SETNAME or AUTH'

const members: readonly string[] = ['commands', 'cas', 'declare', 'scripts', 'wait', 'client', 'initial']

/**
 * Parses the members of `{"kind":"resp"}`. `"commands"` is the model, `"cas"` a compare-and-set script, `"declare"` the
 * equivalents of other scripts. `"scripts":"keys"` promises that scripts write only declared keys. `"wait":"confirms"`:
 * writes count as acknowledged only after a WAIT. `"client"` identifies clients, and `"initial"` is the initial value
 * of the keys.
 *
 * @throws UserError that begins with `where`.
 */
export function parseRespSettings(given: Members, where: string): RespSettings {
  refuseUnknown(given, members, where)
  return {
    commands: parseCommands(given, where),
    client: parseIdentifier(given['client'], RESP_NAMES, where),
    initial: parseInitial(given['initial'], where),
  }
}

function parseCommands(
  { commands: model = 'register', cas, declare, scripts = 'anything', wait = 'nothing' }: Members,
  where: string,
): CommandSet {
  if (cas !== undefined && (typeof cas !== 'string' || cas === ''))
    throw inputError(`${where}: "cas" is ${quote(cas)}. Give the source of the compare-and-set script.`)
  if (scripts !== 'anything' && scripts !== 'keys')
    throw inputError(
      `${where}: "scripts" is ${quote(scripts)}. Give "keys" if every script writes only keys that it declares, or "anything".`,
    )
  if (wait !== 'nothing' && wait !== 'confirms')
    throw inputError(
      `${where}: "wait" is ${quote(wait)}. Give "confirms" if clients count a write as acknowledged only after the answer to WAIT. Otherwise give "nothing".`,
    )
  if (typeof model !== 'string' || !commandModels.includes(model))
    throw inputError(`${where}: "commands" is ${quote(model)}. Known: ${commandModels.join(', ')}.`)
  return commandSet({
    model,
    cas,
    declared: parseDeclared(declare, where),
    scriptsKeepToKeys: scripts === 'keys',
    isConfirmedByWait: wait === 'confirms',
  })
}

const EXAMPLE = '[{"script":"the SHA-1, or a part of the text","as":"INCRBY KEYS[1] ARGV[1]"}]'

function parseDeclared(given: unknown, where: string): readonly DeclaredScript[] {
  if (given === undefined) return []
  const bad = (why: string): UserError => inputError(`${where}: "declare" ${why}. Write ${EXAMPLE}, for example.`)
  if (!Array.isArray(given)) throw bad('is not a list')
  return (given as readonly unknown[]).map((entry) => {
    if (typeof entry !== 'object' || entry === null) throw bad(`has ${quote(entry)}, which is not a script`)
    const { script, as, answers, ...others } = entry as Members
    const [stranger] = Object.keys(others)
    if (stranger !== undefined)
      throw bad(`has a script with the unknown member ${quote(stranger)}: the members are "script", "as" and "answers"`)
    if (typeof script !== 'string' || script === '')
      throw bad('has an entry whose "script" is missing, empty or not a string')
    const lines: readonly unknown[] = Array.isArray(as) ? as : [as]
    const places: readonly unknown[] = Array.isArray(answers)
      ? answers
      : lines.length === 1
        ? ['whole']
        : [...lines.keys()]
    if (places.length !== lines.length)
      throw bad(
        `has a script with ${plural(lines.length, 'command')} in "as" but ${plural(places.length, 'answer')} in "answers": give one answer for each command`,
      )
    const commands = lines.map((line, i) => {
      const words = typeof line === 'string' ? line.trim().split(/\s+/) : []
      const why = whyNot(words)
      if (why !== undefined) throw bad(`has ${quote(line)} as a command: ${why}`)
      const answer = answerPlace(places[i])
      if (answer === undefined)
        throw bad(
          `has ${quote(places[i])} among "answers": for each command, give the position of its result in the script's answer (0, 1, …), "whole" (the whole answer) or "untold" (not in the answer)`,
        )
      return { words, answer }
    })
    return { is: /^[0-9a-f]{40}$/i.test(script) ? { sha: script } : { contains: script }, commands }
  })
}

function answerPlace(place: unknown): 'whole' | 'untold' | number | undefined {
  if (place === 'whole' || place === 'untold') return place
  return typeof place === 'number' && Number.isSafeInteger(place) && place >= 0 ? place : undefined
}

function parseInitial(initial: unknown, where: string): RespInitial {
  if (initial === undefined || initial === 'unknown') return 'unknown'
  if (initial === 'read') return initial
  if (isInitialValue(initial)) return initial
  throw inputError(
    `${where}: "initial" is ${quote(initial)}. Give "unknown", "read", or {"value": null} if keys have no value at first.`,
  )
}
