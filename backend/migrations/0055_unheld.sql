-- Cases that wait for somebody who is not there, to be looked at again every few seconds.
CREATE INDEX casefile_unheld ON casefile (assignee) WHERE attention = 'staff_unheld';
