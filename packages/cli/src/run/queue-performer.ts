import type { LoadEvent } from '@chaosproxy/engine'
import type { Performer } from '@chaosproxy/engine/run'
import { plural } from '@chaosproxy/history'
import type { LoadChoice } from '../arguments/load.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'

/** Has workers of a queue drive the clients. What that needs is loaded only here. */
export async function queuePerformer(load: LoadChoice, display: ProgressDisplay): Promise<Performer> {
  const { loadPerformer } = await import('@chaosproxy/engine')
  return loadPerformer({ ...load, listener: loadTelling(display) })
}

/** Shows what becomes of the workers that drive clients. */
function loadTelling(display: ProgressDisplay): (event: LoadEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'waiting': {
        const { ready, wanted, place } = event
        return display.update(
          `${ready} of ${plural(wanted, 'worker')} ready at ${place}: start one with npx chaos worker --queue ADDRESS --drive HOST, with the host of the target`,
        )
      }
      case 'ready':
        return display.succeed(`${plural(event.workers.length, 'worker')} ready: ${event.workers.join('; ')}`)
      case 'lost':
        return display.warn(`worker ${event.worker} was lost: ${event.why}`)
      default:
        return event satisfies never
    }
  }
}
