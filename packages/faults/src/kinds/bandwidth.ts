import { defineFault } from '../definition.ts'
import { bytesPerSecond, flag, usually } from '../parameter.ts'

export const bandwidth = defineFault({
  kind: 'bandwidth',
  plural: 'spells of low bandwidth',
  summary: 'bytes pass at most this fast; at 0 none do',
  parameters: {
    bytesPerSecond: bytesPerSecond('the rate'),
    shared: usually(flag('one rate for all connections of the link together'), false),
  },
  describe: (harm, links) => `${harm.bytesPerSecond} bytes/s on ${links}`,
})
