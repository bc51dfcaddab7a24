import type { Millis } from '@chaosproxy/history'
import type { OpenTraffic, TrafficClients } from '@chaosproxy/targets'

interface VisitorOptions {
  /** When the recording ends; absent: once somebody ends it. */
  readonly timeMs?: Millis | undefined
  /** Is told where they find the servers. */
  readonly told: (proxies: OpenTraffic['proxies']) => void
}

/** Clients that come by themselves for as long as the recording goes on. */
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
