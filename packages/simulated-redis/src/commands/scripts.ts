import { type Call, type Command, command } from '../command.ts'
import { CommandError, UnknownCommand } from '../failures.ts'
import { integerOf } from '../numbers.ts'
import { OK, type Reply } from '../reply.ts'
import { loadedScript } from '../scripting/cache.ts'
import { evaluate, load } from '../scripting/evaluate.ts'

const evaluating =
  (by: 'text' | 'hash', isReadOnly: boolean) =>
  (call: Call): Reply => {
    const [script = '', wanted = '', ...words] = call.args
    const count = integerOf(wanted)
    if (count > words.length) throw new CommandError("ERR Number of keys can't be greater than number of args")
    if (count < 0) throw new CommandError("ERR Number of keys can't be negative")
    const source = by === 'text' ? script : loadedScript(call.store, script)
    return evaluate(call, { source, keys: words.slice(0, count), args: words.slice(count), isReadOnly })
  }

function script({ store, args: [what = '', ...rest] }: Call): Reply {
  switch (what.toUpperCase()) {
    case 'LOAD':
      return load(store, rest[0] ?? '')
    case 'EXISTS':
      return rest.map((hash) => (store.scripts.has(hash.toLowerCase()) ? 1 : 0))
    case 'FLUSH':
      if (rest.length > 1 || (rest[0] !== undefined && !/^A?SYNC$/i.test(rest[0])))
        throw new CommandError('ERR SCRIPT FLUSH only support SYNC|ASYNC option')
      store.scripts.clear()
      return OK
    case 'KILL':
      throw new CommandError('NOTBUSY No scripts in execution right now.')
    default:
      throw new UnknownCommand(`SCRIPT ${what.toUpperCase()}`)
  }
}

export const scriptCommands: readonly Command[] = [
  command('EVAL', -3, evaluating('text', false)),
  command('EVALSHA', -3, evaluating('hash', false)),
  command('EVAL_RO', -3, evaluating('text', true)),
  command('EVALSHA_RO', -3, evaluating('hash', true)),
  command('SCRIPT', -2, script, { LOAD: 3, EXISTS: -3, FLUSH: -2, KILL: 2 }),
]
