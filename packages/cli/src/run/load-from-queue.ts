import type { LoadEvent } from '@chaosproxy/engine'
import { plural } from '@chaosproxy/history'
import type { JudgedRunOptions } from '@chaosproxy/runner'
import type { LoadChoice } from '../arguments/load.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'

export async function loadFromQueue(
  load: LoadChoice,
  display: ProgressDisplay,
): Promise<Pick<JudgedRunOptions, 'load' | 'reach'>> {
  const { queuedLoad } = await import('@chaosproxy/engine')
  return queuedLoad({ ...load, listener: loadListener(display) })
}

/** Shows which workers drive the clients, and which were lost. */
function loadListener(display: ProgressDisplay): (event: LoadEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'waiting': {
        const { ready, wanted, place } = event
        return display.update(
          `${ready} of ${plural(wanted, 'worker')} ready at ${place}: start one with npx chaos worker --queue ADDRESS --drive HOST, where HOST is the host of the target`,
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
