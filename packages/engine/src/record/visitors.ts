import type { Millis } from '@chaosproxy/history'
import type { OpenTraffic, TrafficClients } from '@chaosproxy/targets'

interface VisitorOptions {
  /** How long to record; when absent, until interrupted. */
  readonly timeMs?: Millis | undefined
  /** Called with the addresses at which clients find the servers. */
  readonly told: (proxies: OpenTraffic['proxies']) => void
}

/** Clients that chaos does not start: all that connect during the recording. */
export const visitors = ({ timeMs, told }: VisitorOptions): TrafficClients => ({
  areStarted: false,
  areCutOff: true,
  howToUseIt: 'Clients have to use its address: nothing sends them there.',
  async begin({ proxies }) {
    told(proxies)
    let timer: NodeJS.Timeout | undefined
    const gone = new Promise<void>((resolve) => {
      if (timeMs !== undefined) timer = setTimeout(resolve, timeMs)
    })
    return {
      gone,
      async end() {
        clearTimeout(timer)
        return []
      },
    }
  },
})
