import type { Json } from '@chaosproxy/history'
import { allOf } from './all-of.ts'
import { type CommandOperation, type Interpret, isError, isList } from './answers.ts'
import { isKnownToChangeNothing } from './command-effects.ts'
import { type CommandReaders, type Names, type Recognised, several } from './command-reader.ts'
import { lifetimesOf } from './expire-commands.ts'
import { type Lifetime, reportedLifetime } from './lifetime.ts'
import type { KnownScript, ScriptText } from './scripts.ts'

/** A script that is declared equivalent to a sequence of commands. */
export interface DeclaredScript {
  readonly is: ScriptText
  readonly commands: readonly DeclaredCommand[]
}

interface DeclaredCommand {
  readonly words: readonly string[]
  /** Where the command's reply is: the script's whole reply, an element of its list, or nowhere. */
  readonly answer: 'whole' | 'untold' | number
}

const PLACE = /^(KEYS|ARGV)\[([1-9]\d?)\]$/

/** Returns why a command cannot be recorded; undefined if it can be recorded. */
export function whyNot(words: readonly string[]): string | undefined {
  const [name = ''] = words
  if (name === '' || PLACE.test(name)) return 'it has no command'
  const odd = words.find((word) => /[[\]]/.test(word) && !PLACE.test(word))
  return odd === undefined ? undefined : `${odd} is not a place: write KEYS[1] or ARGV[1]`
}

export function declaredScript({ is, commands }: DeclaredScript, readers: CommandReaders): KnownScript {
  return {
    is,
    recognise(keys, values, names) {
      const all = allOf(commands.map((command) => recognised(command, { keys, values, names, readers }))) ?? []
      const touches = all.flatMap((one) => one.touches?.keys ?? [])
      const made = several(all.flatMap(({ parts }) => parts))
      return (
        made && {
          ...made,
          lifetimes: all.flatMap(({ lifetimes }) => lifetimes),
          deletes: all.flatMap(({ deletes = [] }) => deletes),
          touches: touches.length === 0 ? undefined : { keys: touches, why: 'a declared script may change the key' },
        }
      )
    },
  }
}

interface Script {
  readonly keys: readonly Json[]
  readonly values: readonly Json[]
  readonly names: Names
  readonly readers: CommandReaders
}

interface Command extends Pick<Recognised, 'touches' | 'deletes'> {
  readonly parts: readonly CommandOperation[]
  readonly lifetimes: readonly Lifetime[]
}

/** Returns the operations of a declared command, if its effect is known. */
function recognised({ words, answer }: DeclaredCommand, { keys, values, names, readers }: Script): Command | undefined {
  const all = allOf(
    words.map((word) => {
      const [, list, place] = PLACE.exec(word) ?? []
      return list === undefined ? word : (list === 'KEYS' ? keys : values)[Number(place) - 1]
    }),
  )
  if (all === undefined) return undefined
  const [name = ''] = words
  const upper = name.toUpperCase()
  const own = ownAnswer(answer)
  const effect = readers[upper]?.(all, names)
  if (effect === 'no effect') return NOTHING
  if (effect !== undefined) {
    if (effect.flushes === true) return undefined
    const { parts, lifetimes = [], touches, deletes } = effect
    const placed = parts.map((part, index) => placedPart(part, own, index))
    return { parts: placed, lifetimes: lifetimes.map((each) => placedLifetime(each, own)), touches, deletes }
  }
  if (upper === 'PTTL' && answer !== 'untold')
    return { parts: [], lifetimes: [reportedLifetime(names.key(all[1] ?? null), Number.POSITIVE_INFINITY, own)] }
  const lifetimes = lifetimesOf(upper, all, names)
  if (lifetimes !== undefined) return { parts: [], lifetimes: lifetimes.map((each) => placedLifetime(each, own)) }
  return isKnownToChangeNothing(upper) ? NOTHING : undefined
}

const NOTHING: Command = { parts: [], lifetimes: [] }

type OwnAnswer = (answer: Json) => Json | undefined

const ownAnswer =
  (place: DeclaredCommand['answer']): OwnAnswer =>
  (answer) =>
    place === 'whole' ? answer : place === 'untold' || !isList(answer) ? undefined : (answer[place] ?? null)

const UNTOLD = 'the script does not return its outcome'

function placedPart(part: CommandOperation, own: OwnAnswer, index: number): CommandOperation {
  const interpret: Interpret = (answer, call) => {
    const reply = own(answer)
    if (reply === undefined) return { type: 'info', error: UNTOLD }
    if (isError(reply)) return { type: 'info', error: reply.error }
    return part.interpret(reply, call, index)
  }
  const { sees } = part
  if (sees === undefined) return { ...part, interpret }
  return {
    ...part,
    interpret,
    sees(answer) {
      const reply = own(answer)
      return reply === undefined ? undefined : sees(reply)
    },
  }
}

function placedLifetime(lifetime: Lifetime, own: OwnAnswer): Lifetime {
  const isSet = (answer: Json): boolean | undefined => {
    const reply = own(answer)
    return reply === undefined ? undefined : lifetime.isSet(reply)
  }
  return { ...lifetime, isSet }
}
