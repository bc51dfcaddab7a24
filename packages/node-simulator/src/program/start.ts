import { FileCalls } from '../builtins/file-calls.ts'
import type { Files } from '../world/files.ts'
import type { Life } from '../world/life.ts'
import type { CodeStep } from '../world/requests.ts'
import type { Program } from './bundle.ts'
import type { Probe } from './probes.ts'
import type { Seats } from './seats.ts'

export interface Starting {
  readonly program: Program
  readonly seats: Seats
  readonly args: readonly string[]
  readonly files: Files
  readonly environment: { readonly [name: string]: string }
  readonly evaluated?: ((exported: unknown) => void) | undefined
}

/**
 * Starts the program of a node in a seat, the environment of the program. If an earlier start used the seat, the
 * packages in it are already loaded, and are not evaluated again.
 */
export function startProgram(life: Life, { program, seats, args, environment, files, evaluated }: Starting): void {
  const calls = new FileCalls(life, files, program.directory)
  life.files = () => calls
  life.lacks = (specifier) => program.lacks(specifier, new Error().stack ?? '')
  const probe = probeOf(life, program.awaits)
  if (life.world.requests !== undefined) life.followsContext = true
  const { entry, directory } = program
  life.enter(() => {
    const seat = seats.take(program, life, { entry, directory, args, environment })
    // As in Node, modules run in a promise job.
    Promise.resolve()
      .then(() => seat.start(probe))
      .then((exported) => evaluated?.(exported?.default))
      .catch((error: unknown) => life.threw(error, false))
  })
}

const NO_PROBE: Probe = { enters: () => false, at: () => false, gone: (_, value) => value, back: (_, value) => value }

function probeOf(life: Life, awaits: Program['awaits']): Probe {
  const { id: node, world } = life
  const { requests, holds } = world
  if (requests === undefined && holds === undefined) return NO_PROBE
  const ran = (type: CodeStep['type'], site: number): boolean => {
    const request = requests?.current()
    return request !== undefined && requests?.ran({ type, site, request, node, at: world.queue.now }) === true
  }
  return {
    enters: (site) => ran('enters', site),
    at: (site) => ran('at', site),
    gone(site, value) {
      ran('gone', site)
      const held = holds === undefined ? value : holds.gone(life, awaits.get(site), value)
      if (held !== value && requests !== undefined) {
        // The request counts as resumed as soon as the awaited value has settled, even if `holds` delays the request
        // further.
        const resumed = { request: requests.current(), site }
        const settled = () => requests.resumes(resumed)
        Promise.resolve(value).then(settled, settled)
      }
      return held
    },
    back(site, value) {
      ran('back', site)
      requests?.resumes({ request: requests.current(), site })
      holds?.back(awaits.get(site))
      return value
    },
  }
}
