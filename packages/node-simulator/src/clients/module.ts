import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Input, inputError, type UserError } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import { judgeAnswer } from '@chaosproxy/workloads'
import { requestName } from '../declared/reference.ts'
import type { Life } from '../world/life.ts'
import type { World } from '../world/world.ts'

/** The known part of what a client file exports. */
interface OpenClient {
  invoke(input: Input, signal: AbortSignal): unknown
  close?(): unknown
}

interface ClientModule {
  readonly functions?: readonly string[]
  open(address: { readonly node: string; readonly host: string; readonly port: number }): unknown
}

export interface ModuleClientsOptions {
  readonly world: World
  readonly file: string
  readonly functions: readonly string[]
  readonly life: () => Life | undefined
}

export interface ClientPlace {
  readonly node: NodeId
  /** The client's name, unique in the cluster. */
  readonly name: string
  readonly port: () => number | undefined
}

export class ModuleClients {
  readonly #options: ModuleClientsOptions
  #module: ClientModule | undefined
  /** The first error in the client file itself, regardless of the service. */
  #broken: UserError | undefined

  constructor(options: ModuleClientsOptions) {
    this.#options = options
  }

  get isReady(): boolean {
    return this.#module !== undefined
  }

  /** Checks the default export of the client file. If it is valid, clients use it. */
  evaluated(exported: unknown): void {
    const wrong = this.#problemOf((exported ?? {}) as Partial<ClientModule>)
    if (wrong === undefined) this.#module = exported as ClientModule
    else this.fail(wrong)
  }

  #problemOf({ open, functions }: Partial<ClientModule>): string | undefined {
    const { file, functions: wanted } = this.#options
    if (typeof open !== 'function')
      return `${file} exports no client: its default export must be defineClient({ open(address) { … } }).`
    const lacking = functions === undefined ? [] : wanted.filter((f) => !functions.includes(f))
    if (lacking.length === 0) return undefined
    return `${file} does not support ${lacking.join(', ')}: its "functions" are ${functions?.join(', ')}.`
  }

  /**
   * Stores an error of the client file, unless there is an earlier one. `requireSound` throws the error, which ends the
   * run.
   */
  fail(message: string): void {
    this.#broken ??= inputError(message)
  }

  /** @throws UserError (input) if an error was found in the client file itself. Errors of the service do not count. */
  requireSound(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  connect({ node, name, port }: ClientPlace): Client {
    const { world } = this.#options
    let opening: Promise<OpenClient> | undefined
    let requests = 0

    const open = async (): Promise<OpenClient> => {
      const client = await this.#module?.open({ node, host: node, port: port() ?? 0 })
      if (typeof (client as Partial<OpenClient> | undefined)?.invoke === 'function') return client as OpenClient
      this.fail(`${this.#options.file}: the object that "open" returns has no function "invoke". Add one.`)
      throw new Error('it opened no client')
    }

    const perform = async (request: Request, signal: AbortSignal): Promise<Completion> => {
      let client: OpenClient
      try {
        opening ??= open()
        client = await opening
      } catch (error) {
        opening = undefined
        // "open" failed, so nothing was invoked.
        return { type: 'fail', error: `"open" failed: ${textOf(error)}` }
      }
      try {
        const judged = judgeAnswer(request.input, await client.invoke(request.input, signal))
        if (judged.type !== 'broken') return judged
        this.fail(`${this.#options.file}: ${judged.why}.`)
        return lost(request, judged.why)
      } catch (error) {
        return isRefusal(error) ? { type: 'fail', error: textOf(error) } : lost(request, textOf(error))
      }
    }

    return {
      invoke: (request, timeoutMs, completed) => {
        requests++
        const { session } = request
        const own = requestName(session?.client ?? name, session?.sequence ?? requests)
        const life = this.#options.life()
        let over = false
        const end = (completion: Completion): void => {
          if (over) return
          over = true
          cancel()
          // Report the completion after the program's turn, and not during it.
          world.schedule(0, () => completed(completion))
        }
        const abort = new AbortController()
        const cancel = world.schedule(timeoutMs * 1e6, () => {
          end(lost(request, `timeout after ${timeoutMs} ms`))
          if (life !== undefined) world.deliver(life, () => abort.abort())
        })
        if (life === undefined) return end({ type: 'fail', error: 'the clients have ended' })
        const ask = (): void => void perform(request, abort.signal).then(end)
        world.after(0, life, () => (world.requests === undefined ? ask() : world.requests.serve(own, ask)))
      },
      close: () => {
        const life = this.#options.life()
        const opened = opening
        if (life !== undefined && opened !== undefined)
          world.after(0, life, () => void opened.then((client) => client.close?.()).catch(() => {}))
      },
    }
  }
}

/** The completion of a request that got no answer: unknown, unless the request changes nothing. */
const lost = ({ harmless }: Request, error: string): Completion => ({ type: harmless ? 'fail' : 'info', error })

/**
 * Whether the client file rejected a request. Compares the name of the error, because the file may define a class of
 * its own.
 */
const isRefusal = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'Refused'

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `it threw ${String(thrown)}`
  const { code } = (thrown.cause ?? thrown) as { readonly code?: unknown }
  return typeof code === 'string' && !thrown.message.includes(code) ? `${code}: ${thrown.message}` : thrown.message
}
