import vm from 'node:vm'
import { NotSimulated } from '../refusal.ts'
import { turn } from '../world/life.ts'
import { refusedFunction, refusedModule } from './refused.ts'

// Code compiled from strings uses this process's globals, which are simulated.

const OWN_REALM = {
  because: 'creates its own realm, whose clock and randomness are real',
  instead: 'Use vm.runInThisContext.',
}

const OWN_REALMS = ['runInContext', 'runInNewContext'] as const

const refusedRealm = (name: string): (() => never) =>
  refusedFunction(`vm.Script.${name}`, OWN_REALM.because, OWN_REALM.instead)

/** @throws NotSimulated if the text would load modules by Node's own loader. */
function refuseLoader(what: string, options: unknown): void {
  if (turn.life === undefined || options === null || typeof options !== 'object') return
  if (Reflect.get(options, 'importModuleDynamically') === undefined) return
  throw new NotSimulated(
    `the option importModuleDynamically of ${what}`,
    'loads real modules',
    'Import it in the program itself.',
  )
}

/**
 * Wraps a function of `node:vm`, so that it refuses options with a module loader. `at` is the position of the options
 * among the arguments.
 */
const withoutLoader =
  (name: string, compile: (...args: never[]) => unknown, at: number) =>
  (...args: never[]): unknown => {
    refuseLoader(`vm.${name}`, args[at])
    return compile(...args)
  }

export const simulatedScript: typeof vm.Script = new Proxy(vm.Script, {
  construct(target, args, made) {
    refuseLoader('vm.Script', args[1])
    const script = Reflect.construct(target, args, made) as object
    // Replaces methods of this script only, because Node itself calls those of `vm.Script.prototype`.
    if (turn.life !== undefined) for (const name of OWN_REALMS) Reflect.set(script, name, refusedRealm(name))
    return script
  },
})

export const vmModule = (): object => {
  const { createContext, runInContext, runInNewContext, measureMemory } = vm
  const refused = { createContext, runInContext, runInNewContext }
  return {
    ...vm,
    Script: simulatedScript,
    runInThisContext: withoutLoader('runInThisContext', vm.runInThisContext, 1),
    compileFunction: withoutLoader('compileFunction', vm.compileFunction, 2),
    constants: {},
    ...refusedModule('vm', refused, OWN_REALM.because, OWN_REALM.instead),
    ...refusedModule('vm', { measureMemory }, 'measures the real process', 'Leave it out.'),
  }
}
