import { inputError, type UserError } from '@chaosproxy/history'
import type { Broken } from '@chaosproxy/simulator'
import { programOf } from './environment.ts'
import { errorText } from './program/stacks.ts'
import { DIES, type Service } from './service.ts'
import type { Death } from './world/life.ts'
import type { ServiceNode } from './world/node.ts'
import type { World } from './world/world.ts'

/** The delay after which a supervisor restarts a program that ended by itself. */
const SUPERVISOR_NANOS = 1e9

export interface Deaths {
  add(node: ServiceNode, death: Death): void
  broken(): Broken | undefined
  /** @throws UserError (input) for a program that ended before it ever listened. */
  requireStarted(): void
}

export function createDeaths(service: Service, world: World): Deaths {
  let first: Broken | undefined
  let early: UserError | undefined
  return {
    add(node, death) {
      const { program, file } = programOf(service, node.id)
      const { what, trace } = deathText(program, death)
      const lastLines = death.type === 'exit' ? (world.lastLines.get(node.id) ?? []) : []
      world.log(node.id, [what, ...trace].join('\n    at '))
      if (!node.everListened && !node.listens) {
        const summary = [`${file} ended before it listened, on ${node.id}: ${what}`, ...trace].join('\n    at ')
        early ??= inputError(
          [summary, ...(lastLines.length === 0 ? [] : ['It wrote last:', ...lastLines])].join('\n    '),
        )
        return
      }
      first ??= {
        ...{ name: DIES, node: node.id, what: `it ${what}${trace[0] === undefined ? '' : `, at ${trace[0]}`}` },
        ...unheardOf(death),
      }
      world.schedule(SUPERVISOR_NANOS, () => node.start())
    },
    broken: () => (service.spec.mayEnd === true ? undefined : first),
    requireStarted() {
      if (early !== undefined) throw early
    },
  }
}

/**
 * Describes an `error` event that had no listener and so ended a program. Node stores the emitter of the event in the
 * error (`events.js`, `kEnhanceStackBeforeInspector`).
 */
function unheardOf(death: Death): Pick<Broken, 'evidence' | 'fromOutside'> {
  if (death.type === 'exit' || !(death.error instanceof Error)) return {}
  const [lastWords] = Object.getOwnPropertySymbols(death.error)
    .filter(({ description }) => description === 'kEnhanceStackBeforeInspector')
    .map((symbol) => Reflect.get(death.error as Error, symbol) as unknown)
  const emitter =
    typeof lastWords === 'function'
      ? /Emitted 'error' event(?: on (\w+) instance)? at:/.exec(String(lastWords()))
      : null
  if (emitter === null) return {}
  const evidence = [
    `${emitter[1] === undefined ? 'an EventEmitter' : `a ${emitter[1]}`} emitted this error as an 'error' event without a listener: add .on('error', …) to this emitter`,
    'to continue the search, add --no-invariants: the simulator then restarts a program that ends',
  ]
  return { evidence, fromOutside: true }
}

export function deathText(
  program: Service['program'],
  death: Death,
): { readonly what: string; readonly trace: readonly string[] } {
  if (death.type === 'exit') return { what: `called process.exit(${death.code})`, trace: [] }
  const { what, trace } = errorText(program, death.error)
  return { what: `${death.rejected ? 'left a promise rejected' : 'threw'}: ${what}`, trace }
}
