import { useConnection, useEvents, useJob, useLast, useNotifications, usePresence,
	WeirProvider } from 'weir-client/react';

function Page({ user }: { user: string | null }) {
	const { state } = useConnection();
	const events = useEvents<{ title: string }>('listing.new/', { limit: 3, since: '1d' });
	const last = useLast<{ price: string }>('price.update/');
	const { notifications, unread, markRead } = useNotifications(user);
	const job = useJob('j1', { enabled: true });
	const who = usePresence('venue.update/7', { enabled: user !== null });

	// @ts-expect-error
	useLast('price.update/', { since: '1d' });
	// @ts-expect-error: it may not be known yet
	who.count;
	return <p onClick={markRead}>{state} {events[0].data.title} {unread} {job.progress}
		{who?.count} {who?.users.join()}
		{[...last.values()].map((e) => e.data.price)}
		{notifications.map((n) => n.data.message)}</p>;
}

export const App = () => <WeirProvider url="https://gateway.example"
	options={{ pollMs: 1000 }}><Page user={null} /></WeirProvider>;
