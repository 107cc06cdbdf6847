-- Is this the petition that was answered already? Asked once for each new case.
CREATE INDEX casefile_same ON casefile (institution, service, md5(folded)) WHERE state IN ('answered', 'closed');
