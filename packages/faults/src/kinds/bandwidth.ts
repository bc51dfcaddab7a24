import { defineFault } from '../definition.ts'
import { bytesPerSecond, flag, usually } from '../parameter.ts'

export const bandwidth = defineFault({
  kind: 'bandwidth',
  plural: 'spells of low bandwidth',
  summary: 'limit the rate of bytes; 0 lets none pass',
  parameters: {
    bytesPerSecond: bytesPerSecond('the rate'),
    shared: usually(flag('share the rate among all connections of the link'), false),
  },
  describe: (harm, links) => `${harm.bytesPerSecond} bytes/s on ${links}`,
})
