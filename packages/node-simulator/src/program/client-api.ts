const PACKAGE = 'chaosproxy'
const MODULE = '\0client-api'

/** What a client file needs of the package, whose other modules no program may use. */
const SOURCE = `
export const defineClient = (module) => module
export class Refused extends Error { name = 'Refused' }
`

/** Gives client files what they import from the package. */
export const clientApi = {
  name: 'client-api',
  resolveId: (id: string): string | null => (id === PACKAGE ? MODULE : null),
  load: (id: string): string | null => (id === MODULE ? SOURCE : null),
}
