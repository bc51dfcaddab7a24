import { linkName, parseLink, quote } from '@chaosproxy/faults'
import type { ControlPlane } from '../plane/plane.ts'
import { ControlError } from '../state/errors.ts'
import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { json } from './replies.ts'
import type { Views } from './views.ts'

/** Links: the two directions of every proxy. */
export function linkRoutes(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/links',
      operation: 'listLinks',
      summary: 'Every link: what it carried, and the faults on it',
      success: { status: 200, description: 'The links.', schema: listOf(reference('Link')) },
      handle: () =>
        json(
          200,
          [...plane.statistics()].map(([name, statistics]) => views.link(name, statistics)),
        ),
    },
    {
      method: 'GET',
      path: '/v1/links/{link}',
      operation: 'getLink',
      summary: 'One link, by its name: clients>db',
      success: { status: 200, description: 'The link.', schema: reference('Link') },
      errors: [404],
      handle(request) {
        const name = linkName(parseLink(request.param('link'), 'link'))
        const statistics = plane.statistics().get(name)
        if (statistics === undefined) throw new ControlError(404, `there is no link ${quote(name)}`)
        return json(200, views.link(name, statistics))
      },
    },
  ]
}
