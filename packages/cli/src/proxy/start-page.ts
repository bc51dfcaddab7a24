import { linkName } from '@chaosproxy/faults'
import type { ManagedProxy } from '@chaosproxy/proxy/control'
import type { Style } from '@chaosproxy/report'

interface StartPage {
  readonly version: string
  readonly seed: number | string
  readonly proxies: readonly ManagedProxy[]
  readonly controlUrl: string
  readonly toxiproxy: boolean
  readonly token: boolean
  /** The file with the certificate authorities that clients must trust, if a proxy created a certificate. */
  readonly ca: string | undefined
  readonly isOpen: boolean
}

export function renderStartPage(page: StartPage, style: Style): string {
  const { proxies, controlUrl } = page
  const widest = (of: (proxy: ManagedProxy) => string) => Math.max(0, ...proxies.map((proxy) => of(proxy).length))
  const names = widest(({ name }) => name)
  const listens = widest(({ listen }) => listen)
  const rows = proxies.map(
    (proxy) =>
      `  ${style.bold(proxy.name.padEnd(names))}  ${proxy.listen.padEnd(listens)} → ${proxy.upstream}   ${style.dim(linkName(proxy.forward))}${proxy.enabled ? '' : style.yellow('  disabled')}`,
  )
  const [first] = proxies
  const at = controlUrl === DEFAULT_URL ? '' : ` --host ${controlUrl}`
  const tries =
    first === undefined
      ? [`npx chaos ctl create db 127.0.0.1:0 127.0.0.1:5432${at}`]
      : [`npx chaos ctl add latency ${first.name} latencyMs=200${at}`, `npx chaos ctl reset${at}`]
  return [
    `  ${style.bold('chaos proxy')} ${page.version}, seed ${page.seed}`,
    '',
    ...(rows.length === 0 ? ['  no proxies yet'] : rows),
    '',
    `  control   ${controlUrl}/v1${page.toxiproxy ? ', and as Toxiproxy does' : ''}${access(page)}`,
    ...(page.ca === undefined ? [] : [`  trust     ${page.ca}, by which clients know the proxy's certificate`]),
    `  try       ${tries.join('\n            ')}`,
    `  Ctrl-C ends it, and every fault with it.`,
    '',
  ].join('\n')
}

const access = ({ token, isOpen }: StartPage): string =>
  token ? ', with the token' : isOpen ? ', for anyone who reaches it' : ', for every account of this machine'

const DEFAULT_URL = 'http://127.0.0.1:8474'
