import { IconTemplate } from '@tabler/icons-react';
import { useQuery } from 'urql';

import { TemplateDocument } from '../gql/graphql';
import { Failed } from '../parts/failed';
import { Loading } from '../parts/loading';
import { Nothing } from '../parts/nothing';
import { draftOf, fresh } from './templates/draft';
import { Editor } from './templates/editor';

/** A stored template, or `new` for another one. */
export default function Template({ slug }: { slug: string }) {
  const isNew = slug === 'new';
  const [{ data, error }, ask] = useQuery({
    query: TemplateDocument,
    variables: { template: slug },
    pause: isNew,
  });
  if (isNew) return <Editor stored={null} first={fresh()} onSaved={() => undefined} />;
  if (!data) return error ? <Failed error={error} onRetry={ask} /> : <Loading />;
  const { template } = data;
  const newest = template?.versions[0];
  if (!template || !newest) {
    return (
      <Nothing icon={<IconTemplate />} title="There is no such template" to={{ href: '/templates', label: 'All templates' }}>
        It was deleted, or the address is wrong.
      </Nothing>
    );
  }
  return <Editor key={template.version} stored={template} first={draftOf(template.slug, newest)} onSaved={ask} />;
}
