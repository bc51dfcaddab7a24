import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A helper process of a benchmark. It handles one request at a time. */
export interface Helper {
  ask<Answer>(request: object): Promise<Answer>
  stop(): void
  /** Ends the process with SIGKILL, so that it cannot clean up. */
  kill(): void
}

export interface Surroundings {
  /** The name of the network namespace in which the process starts, as `ip netns` lists it. */
  readonly inside?: string
  readonly environment?: { readonly [name: string]: string }
}

/** Starts a program as a helper process. `program` is a URL, or a path relative to this file. */
export function startHelper(
  program: string | URL,
  options: readonly string[] = [],
  { inside, environment }: Surroundings = {},
): Helper {
  const entering =
    inside === undefined
      ? { execArgv: [...options] }
      : { execPath: 'nsenter', execArgv: [`--net=/run/netns/${inside}`, '--', process.execPath, ...options] }
  const child: ChildProcess = fork(fileURLToPath(new URL(program, import.meta.url)), {
    ...entering,
    env: { ...process.env, ...environment },
  })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${program} ended by itself, with ${signal ?? `code ${code}`}`)
  })
  // The promise `ended` also rejects after a call of `stop` or `kill`. If no request waits for it then, this handler
  // prevents an unhandled rejection.
  ended.catch(() => undefined)
  return {
    async ask<Answer>(request: object) {
      const answered = once(child, 'message')
      child.send(request)
      const [answer] = await Promise.race([answered, ended])
      return answer as Answer
    },
    stop: () => void child.kill(),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Called in a helper process. Handles each request with `answer`. */
export function serveRequests<Request>(answer: (request: Request) => Promise<object>): void {
  process.on('message', async (request: Request) => {
    process.send?.(await answer(request))
  })
  // The process that started this one has ended, for whatever reason.
  process.on('disconnect', () => process.exit())
}
