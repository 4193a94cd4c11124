import sys

from workflow_queue.main import main

main(sys.argv[1:])
