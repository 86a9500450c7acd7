import { AppShell, Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';

import { may } from './may';
import { Menu } from './menu';
import { Loading } from './parts/loading';
import { GROUP, MAILING, PLACES, SEND, SENT, TEMPLATE } from './places';
import { NoPlace } from './screens/no-place';
import type { Session } from './session';
import { Top } from './top';

/** A part of the address; one that nobody has written so names nothing, and stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function Shell({ session }: { session: Session }) {
  const [opened, menu] = useDisclosure();
  const places = PLACES.filter((place) => may(place.needs));
  if (!places.length) return <NoPlace />;
  return (
    <Router base="/console">
      <AppShell
        header={{ height: 52 }}
        navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        padding={{ base: 'md', md: 'xl' }}
      >
        <Button className="above" component="a" href="#main" size="xs">
          To the content
        </Button>
        <AppShell.Header>
          <Top session={session} opened={opened} onMenu={menu.toggle} />
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label="Screens" style={{ overflowY: 'auto' }}>
          <Menu places={places} onChoose={menu.close} />
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1}>
          <Suspense fallback={<Loading />}>
            <Switch>
              {places.map((place) => (
                <Route key={place.path} path={place.path} component={place.screen} />
              ))}
              {may('READ_MAILINGS') && (
                <Route path="/mailings/:id">{({ id }) => <MAILING key={id} id={decoded(id)} />}</Route>
              )}
              {may('READ_TEMPLATES') && (
                <Route path="/templates/:slug">{({ slug }) => <TEMPLATE key={slug} slug={decoded(slug)} />}</Route>
              )}
              {may('READ_CLIENTS') && (
                <Route path="/groups/:name">{({ name }) => <GROUP key={name} name={decodeURIComponent(name)} />}</Route>
              )}
              {may('SEND') && <Route path="/sends/new" component={SEND} />}
              {may('READ_SENDS') && (
                <Route path="/sends/:id">{({ id }) => <SENT key={id} id={decodeURIComponent(id)} />}</Route>
              )}
              <Route>
                <Redirect to={places[0]!.path} />
              </Route>
            </Switch>
          </Suspense>
        </AppShell.Main>
      </AppShell>
    </Router>
  );
}
