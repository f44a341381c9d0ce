import { useConnection, useEvents, useJob, useLast, useNotifications, WeirProvider }
	from 'weir-client/react';

function Page({ user }: { user: string | null }) {
	const { state } = useConnection();
	const events = useEvents<{ title: string }>('listing.new/', { limit: 3, since: '1d' });
	const last = useLast<{ price: string }>('price.update/');
	const { notifications, unread, markRead } = useNotifications(user);
	const job = useJob('j1', { enabled: true });

	// @ts-expect-error
	useLast('price.update/', { since: '1d' });
	return <p onClick={markRead}>{state} {events[0].data.title} {unread} {job.progress}
		{[...last.values()].map((e) => e.data.price)}
		{notifications.map((n) => n.data.message)}</p>;
}

export const App = () => <WeirProvider url="https://gateway.example"
	options={{ pollMs: 1000 }}><Page user={null} /></WeirProvider>;
