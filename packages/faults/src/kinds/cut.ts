import { defineFault } from '../definition/definition.ts'
import { choice, or } from '../definition/parameter.ts'

/** Nothing passes. On healing, held bytes go on, and connections that lost bytes are reset. */
export const partition = defineFault({
  kind: 'partition',
  plural: 'partitions',
  summary: 'block everything until healed',
  parameters: {
    mode: or(
      choice(
        ['hold', 'drop'],
        'hold: bytes are kept and go on at heal; drop: they are lost, and the connection is reset at heal',
      ),
      'hold',
    ),
  },
})

/** A partition that drops. */
export const blackhole = defineFault({
  kind: 'blackhole',
  summary: 'drop all bytes; reset the connection when healed',
  parameters: {},
})
