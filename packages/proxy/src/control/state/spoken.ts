import type { Endpoint } from '@chaosproxy/faults'
import type { Recorder } from '@chaosproxy/recorder'
import type { SpokenProtocol } from '@chaosproxy/recorder/protocols'
import { type Framing, postgresql, resp } from '@chaosproxy/wire'
import type { Intercept } from '../../interceptor/interceptor.ts'

/** How the messages of each recorded protocol are cut. */
export const framings: { readonly [kind in SpokenProtocol['kind']]: Framing } = { resp, postgresql }

/** What records a protocol without a route table. Each is loaded when the first proxy needs it. */
export async function recordSpoken(
  carriage: SpokenProtocol,
  where: { readonly recorder: Recorder; readonly node: Endpoint },
): Promise<Intercept> {
  switch (carriage.kind) {
    case 'resp':
      return (await import('../../resp/resp-recorder.ts')).recordResp({ ...where, ...carriage })
    case 'postgresql':
      return (await import('../../postgresql/postgresql-recorder.ts')).recordPostgresql({ ...where, ...carriage })
  }
}
